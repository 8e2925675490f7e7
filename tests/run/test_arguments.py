"""Tests of the variables of `make run`: what is taken, what is refused, and with which exit status.
Not here: runs that start Bochs (test_session.py)."""
# SPDX-License-Identifier: GPL-2.0-only

import os
import subprocess
import sys
import tempfile
import unittest

import arguments

HERE = os.path.dirname(os.path.abspath(__file__))


class Check(unittest.TestCase):
    def check(self, **variables):
        return arguments.check(variables, image_may_be_missing=True)

    def test_defaults(self):
        checked = self.check()
        self.assertEqual((checked.abi, checked.memory, checked.limit), ("3.2", 64, 10**10))
        self.assertEqual(checked.until.pattern, "grub>")
        self.assertTrue(checked.image.endswith("d02-grub-legacy.img"))

    def test_another_image_has_no_pattern(self):
        checked = self.check(IMAGE="build/some.img")
        self.assertEqual((checked.until, checked.limit), (None, 10**9))

    def test_limit_units(self):
        for text, value in (("7", 7), ("5k", 5000), ("20M", 2 * 10**7), ("3G", 3 * 10**9)):
            self.assertEqual(self.check(LIMIT=text).limit, value)

    def test_refused(self):
        for name, value in (
            ("ABI", "4.0"),
            ("ABI", "3.2 "),
            ("UNTIL", "("),
            ("LIMIT", "0"),
            ("LIMIT", "-5"),
            ("LIMIT", "1T"),
            ("LIMIT", "many"),
            ("KEYS", "<"),
            ("MEMORY", "63"),
            ("MEMORY", "16"),
            ("MEMORY", "4096"),
            ("MEMORY", "x"),
            ("LOG", "everything"),
            ("DRIVE", "tape"),
        ):
            with self.subTest(f"{name}={value}"):
                with self.assertRaisesRegex(arguments.ArgumentError, name):
                    self.check(**{name: value})

    def test_policy_chooses_the_blob(self):
        self.assertEqual(self.check(POLICY="off").variant, "-leave")
        self.assertEqual(self.check(POLICY="on").variant, "")
        for wrong in ({"POLICY": "maybe"}, {"POLICY": "off", "LOG": "trace"}):
            with self.subTest(wrong), self.assertRaisesRegex(arguments.ArgumentError, "POLICY"):
                self.check(**wrong)

    def test_bare_has_nothing_to_trace(self):
        with self.assertRaises(arguments.ArgumentError):
            self.check(ABI="bare", LOG="trace")

    def test_the_guest_sees_the_same_memory(self):
        bare = arguments.machine_for("rom", "bare", 64, None)
        assisted = arguments.machine_for("rom", "3.2", 64, None)
        self.assertEqual((bare.memory, assisted.memory), (62, 64))


class ExitStatus(unittest.TestCase):
    def run_main(self, *words):
        return subprocess.run(
            [sys.executable, os.path.join(HERE, "run.py"), *words],
            capture_output=True,
            text=True,
            check=False,
        )

    def refused(self, words, *arguments_given):
        done = self.run_main(*arguments_given)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertRegex(done.stderr, words)
        self.assertNotIn("Traceback", done.stderr)

    def test_missing_image(self):
        self.refused("No such file", "IMAGE=/nonexistent", "ABI=bare")

    def test_empty_image(self):
        with tempfile.NamedTemporaryFile() as file:
            self.refused("is empty", f"IMAGE={file.name}", "ABI=bare")

    def test_folder(self):
        self.refused("is a folder", "IMAGE=/tmp", "ABI=bare")

    def test_unknown_abi(self):
        self.refused("ABI=9", "ABI=9")

    def test_unknown_word(self):
        self.refused("no variable", "IMAGINE=x")

    def test_check_alone_lets_an_unbuilt_image_be(self):
        self.assertEqual(self.run_main("check", "IMAGE=build/not-yet.img").returncode, 0)

    def test_help(self):
        done = self.run_main("help")
        self.assertEqual(done.returncode, 0)
        for name in arguments.VARIABLES:
            self.assertIn(f"{name}=" if name != "KEYS" else "KEYS", done.stdout)
