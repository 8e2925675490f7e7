"""Tests of the ladder's table and of the report that is made of results: no Bochs is started.
Not here: what a failing boot leaves (test_failure.py)."""
# SPDX-License-Identifier: GPL-2.0-only

import json
import os
import re
import sys
import tempfile
import unittest

_HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(_HERE, "..", "run"))

import boot_report  # noqa: E402 (needs the path)
import keys  # noqa: E402
import ladder  # noqa: E402

SECOND = 8_000_000


def result(work, seconds, halted_seconds, second=SECOND, **more):
    """What a run leaves that works for `work` instructions and waits for `seconds`."""
    return {
        "ticks": work + int(seconds * second),
        "halted": int(halted_seconds * second),
        "second": second,
        "passed": True,
        **more,
    }


class Costs(unittest.TestCase):
    def test_two_clocks_tell_waiting_from_working(self):
        whole = result(5_000_000, 3, 1)
        half = result(5_000_000, 3, 1, SECOND // 2)
        cost = boot_report.cost_of(whole, half)
        self.assertEqual(cost.work, 5_000_000)
        self.assertEqual(cost.halted, SECOND)
        self.assertEqual(cost.delay, 2 * SECOND)

    def test_one_clock_tells_only_what_was_halted(self):
        cost = boot_report.cost_of(result(5_000_000, 3, 1), None)
        self.assertEqual((cost.work, cost.delay), (None, None))
        self.assertEqual(cost.price_base, 5_000_000 + 2 * SECOND)

    def test_a_failed_half_is_none(self):
        half = {**result(5_000_000, 3, 1, SECOND // 2), "passed": False}
        self.assertIsNone(boot_report.cost_of(result(5_000_000, 3, 1), half).work)


class Page(unittest.TestCase):
    MEDIUM = ladder.Medium("d99", "d99.img", "a <medium>", "shown", 1, 1)

    def write(self, results):
        """Put results by folder name into a folder, and return the report made of them."""
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        for name, content in results.items():
            os.makedirs(os.path.join(temporary.name, name))
            path = os.path.join(temporary.name, name, "result.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(content, file)
        path = boot_report.write(temporary.name, (self.MEDIUM,))
        with open(path, encoding="utf-8") as file:
            return file.read()

    def test_price(self):
        common = {"medium": "d99", "policy": True, "statistics": None}
        page = self.write(
            {
                "d99-bare": result(1_000_000, 2, 1, abi="bare", **common),
                "d99-bare-half-clock": result(1_000_000, 2, 1, SECOND // 2, abi="bare", **common),
                "d99-3.2": result(7_500_000, 2, 1, abi="3.2", **common),
                "d99-3.2-half-clock": result(7_500_000, 2, 1, SECOND // 2, abi="3.2", **common),
            }
        )
        self.assertIn("<td>7.5</td>", page)
        self.assertIn("4 of 4 boots", page)
        self.assertIn("a &lt;medium&gt;", page)
        self.assertIn("<svg", page)

    def test_failure_is_shown(self):
        failed = {
            "medium": "d99", "abi": "3.2", "policy": True, "passed": False, "ending": "a <reason>",
        }  # fmt: skip
        page = self.write({"d99-3.2": failed})
        self.assertIn("a &lt;reason&gt;", page)
        self.assertIn("0 of 1 boots", page)

    def test_nothing_yet(self):
        self.assertIn("0 of 0 boots", self.write({}))


class Table(unittest.TestCase):
    def test_rungs(self):
        media = ladder.LADDER + ladder.INSTALLER
        self.assertEqual(len({medium.name for medium in media}), len(media))
        for medium in media:
            with self.subTest(medium.name):
                re.compile(medium.until)
                keys.parse(medium.keys)
                self.assertGreater(medium.assisted_limit, medium.limit)


if __name__ == "__main__":
    unittest.main()
