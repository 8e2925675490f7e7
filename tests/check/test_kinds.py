"""Tests of counting cases and of telling outputs apart.
Not here: checks that start Bochs."""
# SPDX-License-Identifier: GPL-2.0-only

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "run"))

import kinds  # noqa: E402 (needs the path)


class CountCases(unittest.TestCase):
    def counts(self, output, status=0):
        result = kinds.count_cases(output, status)
        return result.passed, result.failed, result.skipped

    def test_tap(self):
        output = "1..4\nok 1 - a\nnot ok 2 - b\n# why\nok 3 - c # SKIP no such thing\nok 4 - d\n"
        self.assertEqual(self.counts(output, 1), (2, 1, 1))

    def test_cases_missing_from_the_plan(self):
        self.assertEqual(self.counts("1..3\nok 1 - a\n"), (1, 1, 0))

    def test_crash_after_good_cases(self):
        self.assertEqual(self.counts("1..1\nok 1 - a\n", -11), (1, 1, 0))

    def test_several_groups(self):
        self.assertEqual(self.counts("1..1\nok 1 - a\n1..2\nok 1 - b\nok 2 - c\n"), (3, 0, 0))

    def test_totals_are_one_case(self):
        result = kinds.count_cases("noise\n12 passed, 0 failed, 3 skipped\n", 0)
        self.assertEqual((result.passed, result.remark), (1, "12 passed, 0 failed, 3 skipped"))
        self.assertEqual(self.counts("12 passed, 2 failed\n", 1), (0, 1, 0))

    def test_totals_and_exit_status_must_agree(self):
        self.assertEqual(self.counts("12 passed, 0 failed\n", 1), (0, 1, 0))
        self.assertEqual(self.counts("12 passed, 2 failed\n", 0), (0, 1, 0))

    def test_no_case_where_cases_are_wanted(self):
        result = kinds.count_cases("hello\n", 0, wants_cases=True)
        self.assertEqual((result.passed, result.failed), (0, 1))

    def test_exit_status_alone(self):
        self.assertEqual(self.counts("hello\n"), (1, 0, 0))
        self.assertEqual(self.counts("hello\n", 3), (0, 1, 0))

    def test_words_that_start_with_ok(self):
        self.assertEqual(self.counts("okay then\n"), (1, 0, 0))


class Difference(unittest.TestCase):
    def test_first_line_that_differs(self):
        text = kinds.difference("COM1", b"same\r\none\r\n", b"same\r\ntwo\r\n")
        self.assertIn("line 2", text)
        self.assertIn("one", text)
        self.assertIn("two", text)

    def test_length(self):
        self.assertIn("2 lines bare, 1 assisted", kinds.difference("COM1", b"a\nb\n", b"a\n"))


class Check(unittest.TestCase):
    def test_missing_command_is_an_error(self):
        with self.assertRaises(OSError):
            kinds.command_check("none", ["/nonexistent/program"]).run("/tmp")
