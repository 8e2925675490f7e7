"""What the media of a list have shown on Xen must be what they show in a bare machine, under every transport (but
"control", where it is not known). Prints TAP. Not here: the runs (proof.sh, bochs.sh, bare.py)."""
# SPDX-License-Identifier: GPL-2.0-only

import difflib
import os
import re
import sys

# The BIOS says this last; before it, firmware speaks for itself.
HANDED_OVER = re.compile(r"Booting from .*\.\.\.")
# What the BIOS of Bochs says even behind that.
FIRMWARE = re.compile(r"\d+MB medium detected$")
# Sizes of memory: what firmware has kept for itself.
MEMORY = re.compile(r"\d+K (lower|upper)")
# QEMU checks no segment limits, so bare and with the stock hvmloader these faults are missing.
LIMIT_FAULT = re.compile(r"^  #(GP|SS) ivt at ")


def read(folder, name):
    with open(os.path.join(folder, name), encoding="latin-1", newline="") as file:
        return file.read().replace("\r\n", "\n").splitlines()


def screen(folder, name):
    lines = [line for line in read(folder, name) if line and not FIRMWARE.match(line)]
    for number, line in enumerate(lines):
        if HANDED_OVER.search(line):
            lines = lines[number + 1 :]
            break
    return [MEMORY.sub(r"#K \1", line) for line in lines]


def com1(folder, name):
    return read(folder, name)


def com1_without_limits(folder, name):
    return [line for line in read(folder, name) if not LIMIT_FAULT.match(line)]


def main(path, folder, emulator):
    readers = {"screen": screen, "com1": com1_without_limits if emulator == "qemu" else com1}
    number = failed = 0
    with open(path, encoding="ascii") as file:
        entries = [line.split(None, 3) for line in file]
    for medium, _, transports, _ in entries:
        image = os.path.basename(medium)
        for transport in transports.replace(",control", "").split(","):
            for kind, reader in readers.items():
                bare = reader(folder, f"{image}.bare.{kind}")
                # Who speaks there may be gone before the screen is painted.
                if kind == "screen" and read(folder, f"{image}.bare.com1"):
                    continue
                seen = reader(folder, f"{image}.{transport}.{kind}")
                number += 1
                good = bare == seen
                failed += not good
                print(f"{'ok' if good else 'not ok'} {number} - {image}, {transport}: {kind}, {len(seen)} lines as bare")
                if not good:
                    print("\n".join("# " + line for line in difflib.unified_diff(bare, seen, "bare", transport, lineterm="")))
    print(f"1..{number}")
    return 1 if failed or not number else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
