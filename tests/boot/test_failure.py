"""Tests that a boot which fails leaves what a person needs, with a medium made to fail.
Not here: boots that are to succeed (check_boot.py)."""
# SPDX-License-Identifier: GPL-2.0-only

import os
import re
import sys
import tempfile
import unittest

_HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(_HERE, "..", "run"))

import arguments  # noqa: E402 (needs the path)
import failure  # noqa: E402
import image  # noqa: E402
import session  # noqa: E402

MEMORY = 64
MEDIUM = os.path.join(arguments.ROOT, "build", "media", "d00-failing.img")


class Failure(unittest.TestCase):
    """d00-failing goes in and out three times, and then stays where VT-x cannot run it."""

    def leave(self, abi):
        """Boot it under `abi`; return the sections of failure.txt by title."""
        rom = arguments.rom_of(abi)
        plan = session.Plan(
            machine=arguments.machine_for(rom, abi, MEMORY, image.identify(MEDIUM)),
            until=re.compile("never"),
            limit=260 * 10**6,
            testvisor_memory=MEMORY,
        )
        with tempfile.TemporaryDirectory() as folder:
            outcome = session.run(plan, os.path.join(folder, "work"))
            failure.explain(plan, outcome, folder, arguments.rom_of(abi, "-ring"))
            with open(os.path.join(folder, "failure.txt"), encoding="utf-8") as file:
                parts = re.split(r"^===== (.*?) =+\n", file.read(), flags=re.MULTILINE)
        return dict(zip(parts[1::2], parts[2::2]))

    def check(self, abi):
        left = self.leave(abi)
        self.assertIn("'never' was not shown", left["how it ended"])
        self.assertIn("AB", left["screen"])
        self.assertIn("ss: selector=0601 base=00006010", left["the guest"])
        self.assertIn("esi=600df00d", left["the guest"])
        refusal = left["why protected mode was not enterable, the last time"].strip()
        self.assertRegex(refusal, r"SS\.RPL differs from CS\.RPL, before .* at 00007c..$")
        handoffs = left["the last hand-offs, oldest first"]
        self.assertEqual(len(re.findall(r"^\w+ \d+$", handoffs, re.MULTILINE)), 6)
        for name in ("state", "CS", "SS", "DS", "TR", "LDTR", "GDTR", "IDTR"):
            self.assertEqual(len(re.findall(rf"^    {name} +\w+=", handoffs, re.MULTILINE)), 6)
        instructions = left["the last interpreted instructions"].rstrip().splitlines()
        self.assertEqual(len(instructions), 200)
        self.assertTrue(all(re.search(r"inc edi|jmp 0x", line) for line in instructions))

    def test_world_switch(self):
        self.check("3.2")

    def test_hypercall(self):
        self.check("hypercall")


if __name__ == "__main__":
    unittest.main()
