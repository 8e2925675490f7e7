"""The rules of the benchmarks: what counts as worse, what a target is, and how figures are written.
Not here: measuring."""
# SPDX-License-Identifier: GPL-2.0-only

import unittest

import chart
import count
import tables
import targets

RECORD = {"alu": (1000, 10), "copy": (50, 1)}
RESULT = {
    "processor": "A & B",
    "rounds": 3,
    "peers": [{"name": "ours", "title": "hvmassist"}, {"name": "x86emu", "title": "libx86emu"}],
    "workloads": [{"name": "alu", "unit": "MIPS"}, {"name": "copy", "unit": "GB/s"}],
    "rates": {
        "alu ours": {"median": 250e6, "spread": 0.02},
        "alu x86emu": {"median": 12.5e6, "spread": 0.1},
        "copy ours": {"median": 5e9, "spread": 0.0},
    },
    "ratios": {"alu x86emu": 20.0},
}


class Counts(unittest.TestCase):
    """count.compare"""

    def test_within_three_percent(self):
        status, lines = count.compare({"alu": (1029, 10), "copy": (971, 20)}, RECORD)
        self.assertEqual((status, lines), (0, ["as recorded, within 3%"]))

    def test_worse(self):
        status, lines = count.compare({"alu": (1031, 10)}, RECORD)
        self.assertEqual((status, lines), (1, ["alu: WORSE by 3.1%: 100.000 -> 103.100"]))

    def test_better_is_a_hint(self):
        status, lines = count.compare({"alu": (500, 10)}, RECORD)
        self.assertEqual(status, 0)
        self.assertIn("RECORD=yes", lines[-1])

    def test_one_better_does_not_excuse_another(self):
        self.assertEqual(count.compare({"alu": (500, 10), "copy": (52, 1)}, RECORD)[0], 1)

    def test_not_recorded(self):
        self.assertEqual(count.compare({"new": (1, 1)}, RECORD)[0], 1)


class Targets(unittest.TestCase):
    """targets.judge"""

    def verdicts(self, ratios, blocks=None):
        return {(row.kind, row.subject): row.reached for row in targets.judge(ratios, blocks)}

    def test_reached_from_the_limit_on(self):
        self.assertTrue(self.verdicts({("alu", "x86emu"): 12.0})["at least", "alu / x86emu"])
        self.assertFalse(self.verdicts({("alu", "x86emu"): 11.99})["at least", "alu / x86emu"])

    def test_not_measured(self):
        self.assertIsNone(self.verdicts({})["goal", "alu / bochs"])

    def test_one_block_too_many(self):
        self.assertTrue(self.verdicts({}, (5, 5))["at least", "REP INS/OUTS"])
        self.assertFalse(self.verdicts({}, (6, 5))["at least", "REP INS/OUTS"])


class Tables(unittest.TestCase):
    """tables and chart"""

    def test_three_digits(self):
        texts = [tables.value_text(value, "MIPS") for value in (1234e6, 99.96e6, 12.34e6, 1.234e6)]
        self.assertEqual(texts, ["1,234", "100", "12.3", "1.23"])
        self.assertEqual(tables.value_text(0.0345e9, "GB/s"), "0.03")

    def test_markdown(self):
        lines = list(tables.markdown(tables.rates(RESULT)))
        self.assertEqual(lines[0], "|  | hvmassist | libx86emu |")
        self.assertEqual(lines[3], "| copy | 5.00 +- 0% | - |")

    def test_ratios_leave_out_what_nobody_else_ran(self):
        self.assertEqual(list(tables.ratios(RESULT)), [["", "libx86emu"], ["alu", "20.00x"]])

    def test_a_bar_for_each_rate_that_can_be_compared(self):
        picture = chart.draw(RESULT)
        self.assertIn("A &amp; B", picture)
        bars = picture.count("<rect") - 1 - len(RESULT["peers"])  # background, legend
        self.assertEqual(bars, 2)


if __name__ == "__main__":
    unittest.main()
