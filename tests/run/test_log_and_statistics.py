"""Tests of reading the testvisor's log and C structures.
Not here: the testvisor's own tests."""
# SPDX-License-Identifier: GPL-2.0-only

import os
import tempfile
import unittest

import statistics_block
import testvisor_log
from structure import Header

LOG = """\
hello from the blob
handoff RESTORE 1 state cr0=00000011 eip=000fe05b
handoff RESTORE 1 CS selector=f000 base=000f0000 limit=0000ffff attributes=0009b
handoff INVOKE 1 CS selector=0008 base=00000000 limit=ffffffff attributes=0c09b
handoff RESTORE 1 LDTR selector=0000 base=00000000 limit=0000ffff attributes=10000
last RESTORE 1 CS selector=1111 base=00000000 limit=00000000 attributes=00000
T 16 f000 fe05b e05b ea 0 0 0 0 0 0 0 0 0
testvisor: end=triple_fault: the guest took a third exception
count INVOKE 12
count exit CR_access 34
count blob interpreted_instructions 12345678901
"""

HEADER = """\
#define COUNT 3u /* of them */
#define FLAG 0x10u
enum kind { FIRST = 1, /* one */ SECOND = 2, };
// struct decoy { uint32_t nothing; };
struct block {
    uint32_t magic; /* first */
    uint64_t wide;
    uint32_t many[COUNT];
};
struct other { uint32_t a; char b; };
"""


class Log(unittest.TestCase):
    def setUp(self):
        self.log = testvisor_log.parse(LOG)

    def test_handoffs(self):
        first, second = self.log.handoffs
        self.assertEqual((first.direction, first.number), ("RESTORE", 1))
        self.assertEqual(first.parts["state"]["eip"], 0xFE05B)
        self.assertEqual(first.parts["CS"]["selector"], 0xF000)
        self.assertEqual(first.parts["LDTR"]["attributes"], 0x10000)
        self.assertEqual(second.parts["CS"]["limit"], 0xFFFFFFFF)

    def test_counts_and_end(self):
        self.assertEqual(self.log.counts["INVOKE"], 12)
        self.assertEqual(self.log.counts["exit CR_access"], 34)
        self.assertEqual(self.log.counts["blob interpreted_instructions"], 12345678901)
        self.assertEqual(self.log.end, ("triple_fault", "the guest took a third exception"))

    def test_the_rest(self):
        self.assertEqual(len(self.log.trace), 1)
        self.assertEqual(self.log.other[0], "hello from the blob")
        self.assertEqual(len(self.log.last), 1)

    def test_empty(self):
        self.assertEqual(testvisor_log.parse("").handoffs, [])
        self.assertIsNone(testvisor_log.parse("").end)


class Structures(unittest.TestCase):
    def setUp(self):
        with tempfile.NamedTemporaryFile("w", suffix=".h", delete=False) as file:
            file.write(HEADER)
        self.addCleanup(os.unlink, file.name)
        self.header = Header(file.name)

    def test_layout(self):
        block = self.header.structure("block")
        self.assertEqual(block.size, 24)
        data = bytes([1, 0, 0, 0, 2] + [0] * 7 + [3, 0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0])
        self.assertEqual(block.unpack(data), {"magic": 1, "wide": 2, "many": [3, 4, 5]})

    def test_constants_and_enumerations(self):
        self.assertEqual(self.header.constants, {"COUNT": 3, "FLAG": 16})
        self.assertEqual(self.header.enumeration("kind"), {1: "FIRST", 2: "SECOND"})

    def test_unknown(self):
        for name in ("other", "missing", "decoy"):
            with self.subTest(name), self.assertRaises(ValueError):
                self.header.structure(name)


class FakeMachine:
    """Memory of a machine that stands still."""

    def __init__(self, blocks):
        self._blocks = blocks

    def read_physical(self, address, length):
        return self._blocks.get(address, b"").ljust(length, b"\0")


def words(*values):
    return b"".join(value.to_bytes(4, "little") for value in values)


class Statistics(unittest.TestCase):
    def test_no_testvisor(self):
        self.assertIsNone(statistics_block.read(FakeMachine({}), 64))

    def test_both_blocks(self):
        magic = int.from_bytes(b"TVST", "little")
        fields = words(magic, 1, 3, 0, 0xD0100, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 9)
        blob = words(int.from_bytes(b"HMST", "little"), 1) + (5).to_bytes(8, "little")
        memory = {62 * 2**20 + 0x40: fields + words(*([0] * 10), 4), 0xD0100: blob}
        counts = statistics_block.read(FakeMachine(memory), 64)
        self.assertEqual((counts["RETURNED"], counts["ENTER"], counts["exits"]), (7, 8, 9))
        self.assertEqual(counts["exit CPUID"], 4)
        self.assertEqual(counts["blob interpreted_instructions"], 5)

    def test_blob_pointer_out_of_memory(self):
        magic = int.from_bytes(b"TVST", "little")
        memory = {62 * 2**20 + 0x40: words(magic, 1, 1, 0, 0xFFFFFFF0)}
        counts = statistics_block.read(FakeMachine(memory), 64)
        self.assertNotIn("blob interpreted_instructions", counts)
