"""Boots a medium in plain QEMU until it shows something, and keeps its screen and what it wrote to COM1.
Not here: the same on Xen (proof.sh), nor comparing them (compare.py)."""
# SPDX-License-Identifier: GPL-2.0-only

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time

# What a guest of proof.sh has: its 64 MiB less the video memory.
MEGABYTES = 48
COLUMNS, ROWS = 80, 25
SCREEN = 0xB8000
DRIVES = {
    "a": "if=floppy,format=raw,snapshot=on,file=%s",
    "d": "if=ide,index=2,media=cdrom,format=raw,file=%s",
}


def screen(process, path, until):
    """The text screen's lines, or None when QEMU has ended, or the time is up."""
    if os.path.exists(path):
        os.remove(path)
    size = 2 * COLUMNS * ROWS
    try:
        process.stdin.write(b'pmemsave 0x%x %d "%s"\n' % (SCREEN, size, path.encode()))
        process.stdin.flush()
    except BrokenPipeError:
        return None
    while not os.path.exists(path) or os.path.getsize(path) < size:
        if process.poll() is not None or time.monotonic() > until:
            return None
        time.sleep(0.05)
    with open(path, "rb") as file:
        cells = file.read()[::2].replace(b"\0", b" ").decode("latin-1")
    return [cells[n : n + COLUMNS].rstrip() for n in range(0, COLUMNS * ROWS, COLUMNS)]


def run(arguments):
    """0: shown."""
    com1 = arguments.out + ".com1"
    shown = re.compile(arguments.shown, re.MULTILINE)
    until = time.monotonic() + arguments.limit
    with tempfile.TemporaryDirectory(prefix="bare-") as folder:
        command = [
            "qemu-system-i386",
            *("-accel", "tcg", "-smp", str(arguments.processors), "-m", str(MEGABYTES), "-display", "none", "-nodefaults", "-vga", "std"),
            *("-drive", DRIVES[arguments.drive] % arguments.image, "-boot", arguments.drive),
            *("-no-reboot", "-serial", "file:" + com1, "-monitor", "stdio"),
        ]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        try:
            while time.monotonic() < until:
                lines = screen(process, os.path.join(folder, "screen"), until)
                if lines is None:
                    break
                with open(arguments.out + ".screen", "w", encoding="latin-1") as file:
                    file.write("".join(line + "\n" for line in lines))
                with open(com1, encoding="latin-1") as file:
                    text = file.read()
                if shown.search("\n".join(lines)) or shown.search(text):
                    return 0
                time.sleep(0.3)
        finally:
            process.kill()
            process.wait()
    print("bare: %s: not shown: %s" % (arguments.image, arguments.shown), file=sys.stderr)
    return 1


def parse(words):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("image")
    parser.add_argument("drive", choices=sorted(DRIVES), help="the BIOS' letter")
    parser.add_argument("shown", help="regular expression")
    parser.add_argument("out", help="OUT.screen and OUT.com1")
    parser.add_argument("--processors", type=int, default=1)
    parser.add_argument("--limit", type=int, default=600, help="seconds")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(run(parse(sys.argv[1:])))
