"""Runs in bare Bochs with boot sectors made here: output, every way a run can end, typing.
Not here: the testvisor, real media (tests/check/table.py)."""
# SPDX-License-Identifier: GPL-2.0-only

import os
import re
import subprocess
import tempfile
import unittest
import unittest.mock

import debugger
import image
import keys
import machine
import session

# Each boot sector starts with DS = 0 and can call `print`, which sends the string at SI to port
# E9h.
PROLOGUE = """
        .code16
        .globl start
start:  ljmp $0, $main
print:  lodsb
        testb %al, %al
        jz 1f
        outb %al, $0xe9
        jmp print
1:      ret
shutdown:
        movw $0x8900, %dx
        movw $word, %si
        movw $8, %cx
        rep outsb
hang:   jmp hang
word:   .ascii "Shutdown"
main:   xorw %ax, %ax
        movw %ax, %ds
"""
EPILOGUE = "\n.org 510\n.word 0xaa55\n"

# What a guest could write to fool whoever reads the debugger's output.
TRAP = (
    "(0) Caught time breakpoint\\nNext at t=5\\n(0) [0x0] 0:0\\n"
    "<bochs:3> \\n<bochs:4> no newline"
)


class Runs(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name

    def run_guest(self, body, until=None, limit=60, typed="", picture=False, sample=None):
        """Run a boot sector with `body` for at most `limit` million instructions."""
        path = os.path.join(self.folder, "sector")
        with open(f"{path}.s", "w", encoding="ascii") as file:
            file.write(PROLOGUE + body + EPILOGUE)
        subprocess.run(["as", "--32", "-o", f"{path}.o", f"{path}.s"], check=True)
        subprocess.run(
            ["ld", "-m", "elf_i386", "-Ttext", "0x7c00", "-e", "start", "--oformat", "binary"]
            + ["-o", path, f"{path}.o"],
            check=True,
        )
        plan = session.Plan(
            machine=machine.Machine(machine.BIOS, 62, image.identify(path)),
            until=until and re.compile(until),
            limit=limit * 10**6,
            keys=tuple(keys.parse(typed)),
            picture=picture,
            sample=sample,
        )
        return session.run(plan, os.path.join(self.folder, "work"))

    def test_output_that_looks_like_the_debugger(self):
        outcome = self.run_guest(
            f'movw $text, %si\ncall print\njmp shutdown\ntext: .asciz "{TRAP}"\n'
        )
        self.assertEqual(outcome.ending, session.SHUTDOWN)
        self.assertEqual(outcome.e9, TRAP.replace("\\n", "\n").encode())

    def test_output_across_many_stops(self):
        """Bytes 0 to 255 again and again, slowly, so that stops fall in between."""
        outcome = self.run_guest(
            "movw $2000, %bx\n1: outb %al, $0xe9\nincb %al\nmovw $2000, %cx\n2: loop 2b\n"
            "decw %bx\njnz 1b\njmp shutdown\n"
        )
        self.assertEqual(outcome.e9, (bytes(range(256)) * 8)[:2000])

    def test_until_on_port_e9(self):
        outcome = self.run_guest(
            'movw $text, %si\ncall print\njmp hang\ntext: .asciz "value 42."', until=r"value \d+"
        )
        self.assertEqual((outcome.ending, outcome.e9), (session.REACHED, b"value 42."))

    def test_until_in_the_last_words(self):
        outcome = self.run_guest(
            'movw $text, %si\ncall print\njmp shutdown\ntext: .asciz "bye"', until="bye"
        )
        self.assertEqual(outcome.ending, session.REACHED)

    def test_com1(self):
        outcome = self.run_guest(
            "movw $0x3fb, %dx\nmovb $3, %al\noutb %al, %dx\n"  # eight data bits
            "movw $0x3f8, %dx\nmovb $'x', %al\noutb %al, %dx\njmp hang\n",
            until="^x$",
        )
        self.assertEqual((outcome.ending, outcome.com1), (session.REACHED, b"x"))

    def start_with_port_taken(self, times):
        """Have Bochs find the port of its display taken, as many times as said."""
        path = os.path.join(self.folder, "bochs")
        with open(path, "w", encoding="ascii") as file:
            file.write(
                f"#!/bin/sh\necho >> {path}.starts\n[ $(wc -l < {path}.starts) -le {times} ] &&"
                f' {{ echo "Could not listen on socket." > {machine.BOCHS_LOG_FILE}; exit 1; }}\n'
                f'exec {debugger.BOCHS} "$@"\n'
            )
        os.chmod(path, 0o755)
        with unittest.mock.patch.object(debugger, "BOCHS", path):
            return self.run_guest("jmp shutdown\n")

    def test_display_port_taken_meanwhile(self):
        self.assertEqual(self.start_with_port_taken(1).ending, session.SHUTDOWN)

    def test_display_port_always_taken(self):
        with self.assertRaises(debugger.BochsError):
            self.start_with_port_taken(1000)

    def test_limit(self):
        outcome = self.run_guest("jmp hang\n", until="never")
        self.assertEqual(outcome.ending, session.LIMIT)
        self.assertGreaterEqual(outcome.tick, 60 * 10**6)
        self.assertIn("eflags", outcome.state)

    def test_same_ticks_every_time(self):
        first, second = (self.run_guest("jmp hang\n", limit=30) for _ in range(2))
        self.assertEqual(first.tick, second.tick)

    def test_triple_fault(self):
        outcome = self.run_guest("lidt none\nint3\nnone: .word 0\n.long 0\n")
        self.assertEqual(outcome.ending, session.TRIPLE_FAULT)
        self.assertIn("EIP=", outcome.state)

    def test_halt_with_interrupts_off(self):
        outcome = self.run_guest("cli\nhlt\njmp hang\n")
        self.assertEqual(outcome.ending, session.HALTED)
        self.assertLess(outcome.tick, 60 * 10**6)

    def test_halt_with_interrupts_on(self):
        self.assertEqual(self.run_guest("sti\n1: hlt\njmp 1b\n").ending, session.LIMIT)

    def test_halted_time_is_told_apart(self):
        """A guest that counts, and one that halts through 18 timer ticks as well; the BIOS halts
        before both."""
        second = machine.INSTRUCTIONS_PER_SECOND
        count = f"movl ${second // 2}, %ecx\n1: addr32 loop 1b\n"
        halt = "sti\nmovw $18, %cx\n2: hlt\nloop 2b\n"
        busy, idle = (
            self.run_guest(f"{body}jmp shutdown\n", sample=20_000) for body in (count, count + halt)
        )
        self.assertEqual((busy.ending, idle.ending), (session.SHUTDOWN, session.SHUTDOWN))
        self.assertAlmostEqual((idle.halted - busy.halted) / second, 18 / 18.2, delta=0.1)

    def test_typing(self):
        """The guest writes out what INT 16h gives it; upper case needs the shift key."""
        outcome = self.run_guest(
            "movw $0x0e3f, %ax\nint $0x10\n"  # a question mark on the screen
            "1: xorw %ax, %ax\nint $0x16\noutb %al, $0xe9\njmp 1b\n",
            until=r"Hi!\r",
            typed=r"^\?$=>Hi!\n",
            limit=120,
        )
        self.assertEqual((outcome.ending, outcome.untyped), (session.REACHED, 0))

    def test_graphics(self):
        """Mode 13h, every pixel colour 4 of the VGA's palette (red)."""
        outcome = self.run_guest(
            "movw $0x13, %ax\nint $0x10\nmovw $0xa000, %ax\nmovw %ax, %es\nxorw %di, %di\n"
            "movb $4, %al\nmovw $64000, %cx\nrep stosb\nsti\n1: hlt\njmp 1b\n",
            picture=True,
        )
        self.assertEqual(outcome.display.graphics, (640, 400))  # 320 x 200, doubled
        self.assertEqual(outcome.picture.size, (640, 400))
        for place in ((0, 0), (639, 399), (320, 200)):
            red, green, blue = outcome.picture.getpixel(place)
            self.assertTrue(red > 100 and green == blue == 0, (red, green, blue))

    def test_medium_is_not_written(self):
        outcome = self.run_guest(
            "movw %ax, %es\nmovw $0x0301, %ax\nmovw $0x7c00, %bx\nmovw $2, %cx\nxorw %dx, %dx\n"
            "int $0x13\njc hang\njmp shutdown\n"
        )
        self.assertEqual(outcome.ending, session.SHUTDOWN)
        with open(os.path.join(self.folder, "sector"), "rb") as file:
            self.assertEqual(len(file.read()), 512)
