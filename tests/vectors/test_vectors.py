"""Tests of the runner, with 386 vectors made up here: what it excuses, and that it excuses no more.
Not here: captured vectors (`make check-vectors` runs them)."""
# SPDX-License-Identifier: GPL-2.0-only

import os
import struct
import subprocess
import tempfile
import unittest

_ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
RUNNER = os.path.join(_ROOT, "build", "tests", "vectors", "run")
NAMES = (
    "cr0 cr3 eax ebx ecx edx esi edi ebp esp cs ds es fs gs ss eip eflags dr6 dr7".split()
)
CODE, DATA, STACK = 0x1000, 0x2000, 0x3000  # selectors
START = {
    **dict.fromkeys(NAMES, 0),
    **{"cr0": 0x7FFEFFF0, "cs": CODE, "ds": DATA, "ss": STACK, "esp": 0x100, "eip": 0x200},
    **{"eflags": 0xFFFC0002, "dr6": 0xFFFF0FF0},
}
HLT = 0xF4


def _chunk(name, payload):
    return name + struct.pack("<I", len(payload)) + payload


def _registers(values, name=b"RG32"):
    bits = sum(1 << NAMES.index(register) for register in values)
    words = [values[register] for register in NAMES if register in values]
    return _chunk(name, struct.pack(f"<I{len(words)}I", bits, *words))


def _memory(values):
    entries = b"".join(struct.pack("<IB", *pair) for pair in sorted(values.items()))
    return _chunk(b"RAM ", struct.pack("<I", len(values)) + entries)


def vector(code, before=None, after=None, memory=None, written=None, mask=None):
    """A file of one test: `code` at CS:EIP, what differs from START, bytes by offset in DS
    (`memory`), and what is then different: registers and bytes by linear address. `mask` has the
    bits of EFLAGS that are defined."""
    code = bytes(code) + bytes([HLT])
    start = {**START, **(before or {})}
    ram = {(CODE << 4) + 0x200 + at: byte for at, byte in enumerate(code)}
    ram.update({(DATA << 4) + at: byte for at, byte in (memory or {}).items()})
    end = {"eip": start["eip"] + len(code), **(after or {})}
    payload = struct.pack("<I", 0)
    payload += _chunk(b"NAME", struct.pack("<I", 4) + b"made")
    payload += _chunk(b"BYTS", struct.pack("<I", len(code)) + code)
    payload += _chunk(b"INIT", _registers(start) + _memory(ram))
    payload += _chunk(b"FINA", _registers(end) + _memory(written or {}))
    header = _chunk(b"MOO ", struct.pack("<BBHI4s", 1, 1, 0, 1, b"386E"))
    if mask is not None:
        header += _registers({"eflags": mask}, b"RM32")
    return header + _chunk(b"TEST", payload)


class Runner(unittest.TestCase):
    def run_one(self, data):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "XX.MOO"), "wb") as file:
                file.write(data)
            done = subprocess.run(
                [RUNNER, folder], stdout=subprocess.PIPE, encoding="ascii", check=False
            )
        self.assertIn(done.returncode, (0, 1), done.stdout)
        return done.returncode == 0, done.stdout

    def passes(self, data):
        good, said = self.run_one(data)
        self.assertTrue(good, said)

    def fails(self, data):
        self.assertFalse(self.run_one(data)[0])

    def test_registers_are_compared(self):
        increment = [0x40]
        self.passes(vector(increment, after={"eax": 1}))
        self.fails(vector(increment, after={"eax": 2}))
        self.fails(vector(increment, after={"eax": 1, "ebx": 1}))

    def test_damaged_file(self):
        self.fails(vector([0x40], after={"eax": 1})[:-3])

    def test_smsw_stores_what_was_loaded(self):
        self.passes(vector([0x0F, 0x01, 0xE0], after={"eax": 0xFFF0}))
        self.fails(vector([0x0F, 0x01, 0xE0], after={"eax": 0x0010}))

    def test_lmsw_changes_cr0(self):
        task_switched = [0x0F, 0x01, 0xF0]
        before = {"eax": 8}
        self.passes(vector(task_switched, before, {"cr0": 0x7FFEFFF8}))
        self.fails(vector(task_switched, before, {"cr0": 0x7FFEFFF4}))

    def pushed(self, low):
        at = (STACK << 4) + 0xFC
        image = struct.pack("<I", 0xABC80000 | low)
        return {at + n: byte for n, byte in enumerate(image)}

    def test_pushfd(self):
        self.passes(vector([0x66, 0x9C], after={"esp": 0xFC}, written=self.pushed(2)))
        self.fails(vector([0x66, 0x9C], after={"esp": 0xFC}, written=self.pushed(3)))

    def test_lock_bt(self):
        bit_test = [0xF0, 0x0F, 0xA3, 0x07]  # lock bt [bx], ax
        self.passes(vector(bit_test, memory={0: 1, 1: 0}, after={"eflags": 0xFFFC0003}))
        self.fails(vector(bit_test[1:], memory={0: 1, 1: 0}, after={"eflags": 0xFFFC0002}))
        complement = [0xF0, 0x0F, 0xBB, 0x07]  # lock btc [bx], ax
        self.fails(vector(complement, memory={0: 1, 1: 0}, after={"eflags": 0xFFFC0003}))

    def shift(self, count, wide=False):
        code = ([0x66] if wide else []) + [0x0F, 0xA4, 0xD8, count]  # shld ax, bx, count
        return vector(code, {"eax": 0x1234, "ebx": 0x5678}, {"eax": 0x9999})

    def test_shld(self):
        self.passes(self.shift(17))
        self.passes(self.shift(31))
        for count in (16, 1):
            self.fails(self.shift(count))
        self.fails(self.shift(20, wide=True))

    def scan(self, source, found, flags, memory=None):
        code = [0x0F, 0xBC, 0xC3]  # bsf ax, bx
        after = {"eax": found, "eflags": 0xFFFC0000 | flags}
        return vector(code, {"ebx": source}, after, written=memory, mask=0xFFFFF76A)

    def test_bsf(self):
        self.passes(self.scan(8, 3, 0x02))
        self.fails(self.scan(8, 4, 0x02))
        self.passes(self.scan(0, 0x77, 0x46))
        self.fails(self.scan(8, 0x77, 0x46))
        self.fails(self.scan(0, 0x77, 0x46, {(DATA << 4) + 5: 1}))


if __name__ == "__main__":
    unittest.main()
