"""Tests of what unpacks the kernel and of what compares. Not here: the boot (check.py runs it)."""
# SPDX-License-Identifier: GPL-2.0-only

import contextlib
import io
import lzma
import os
import struct
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import check  # noqa: E402 (needs the path)
import kernel  # noqa: E402

ELF = b"\x7fELF and so on"


def image(payload, version=0x20F):
    """A bzImage with one set-up sector behind the boot sector."""
    head = bytearray(1024)
    head[0x1F1] = 1
    head[0x202:0x206] = b"HdrS"
    struct.pack_into("<H", head, 0x206, version)
    struct.pack_into("<II", head, 0x248, 16, len(payload))
    return bytes(head) + bytes(16) + payload


class Unpack(unittest.TestCase):
    def test_elf_file(self):
        self.assertEqual(kernel.unpack(image(lzma.compress(ELF))), ELF)

    def refused(self, what, data):
        with self.assertRaisesRegex(ValueError, what):
            kernel.unpack(data)

    def test_what_is_no_kernel(self):
        self.refused("no Linux kernel", b"")
        self.refused("no Linux kernel", bytes(4096))
        self.refused("boot protocol 0x207", image(lzma.compress(ELF), 0x207))

    def test_payload(self):
        self.refused("truncated", image(lzma.compress(ELF))[:-1])
        self.refused("truncated", image(lzma.compress(ELF)[:-20]))
        self.refused("no xz", image(bytes(range(100))))
        self.refused("no ELF file", image(lzma.compress(b"something else")))


class Compare(unittest.TestCase):
    def cases(self, native, interpreted):
        """The lines of compare, and how many of its cases failed."""
        tap, output = check.Tap(), io.StringIO()
        with contextlib.redirect_stdout(output):
            check.compare(tap, "t", native, interpreted, "it ended")
        return output.getvalue().splitlines(), tap.failed

    def test_parts(self):
        text = "noise\r\n== one\r\na 1\r\nb 2\r\n== end\r\nreboot: now\r\n"
        self.assertEqual(check.parts(text), {"one": ["a 1", "b 2"], "end": []})

    def test_same(self):
        found = {"one": ["a 1"], "end": []}
        self.assertEqual(self.cases(found, found), (["ok 1 - t: one", "ok 2 - t: end"], 0))

    def test_other(self):
        lines, failed = self.cases({"one": ["a 1", "b 2"]}, {"one": ["a 1"]})
        self.assertEqual(failed, 1)
        self.assertIn("line 2: b 2 on the processor, nothing interpreted", lines[1])

    def test_not_reached(self):
        lines, failed = self.cases({"one": ["a 1"], "end": []}, {"one": ["a 1"]})
        self.assertEqual((lines[1], failed), ("not ok 2 - t: end", 1))
        self.assertEqual(self.cases({"one": []}, {})[1], 1)

    def test_skipped(self):
        lines, failed = self.cases({"one": ["unavailable"]}, {"one": ["a 1"]})
        self.assertEqual(failed, 0)
        self.assertRegex(lines[0], "^ok 1 .*# SKIP")
        self.assertRegex(self.cases({}, {"one": ["a 1"]})[0][0], "# SKIP")


if __name__ == "__main__":
    unittest.main()
