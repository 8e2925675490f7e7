#!/usr/bin/python3
"""The kept corpus, one line per input (name, bytes in hexadecimal), to and from a folder of files.
Not here: which inputs are worth keeping (the fuzzer's own -merge=1)."""
# SPDX-License-Identifier: GPL-2.0-only

import argparse
import os
import sys

_LIMIT = 200 * 1024  # of the packed file
_LARGEST = 400  # bytes of an input


def main():
    """Do what the command line says; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=("unpack", "pack"))
    parser.add_argument("packed", help="file of lines")
    parser.add_argument("folder")
    options = parser.parse_args()
    if options.action == "unpack":
        _unpack(options.packed, options.folder)
    else:
        _pack(options.packed, options.folder)
    return 0


def _unpack(packed, folder):
    os.makedirs(folder, exist_ok=True)
    for name, content in _read(packed):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)


def _read(packed):
    with open(packed, encoding="ascii") as file:
        for number, line in enumerate(file, 1):
            if line.startswith("#") or not line.strip():
                continue
            words = line.split()
            if len(words) > 2 or "/" in words[0]:
                sys.exit(f"{packed}:{number}: not a name and bytes")
            yield words[0], bytes.fromhex(words[1] if len(words) == 2 else "")


def _pack(packed, folder):
    """Named inputs that are in the file stay in front; of the others as many as there is room for,
    small ones first."""
    named = [(name, content) for name, content in _read(packed) if not name.startswith("kept-")]
    found = set()
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), "rb") as file:
            found.add(file.read())
    found -= {content for _, content in named}
    lines = [_HEADER] + [f"{name} {content.hex()}\n" for name, content in named]
    size = sum(map(len, lines))
    kept = 0
    for content in sorted(found, key=lambda content: (len(content), content)):
        line = f"kept-{kept:03} {content.hex()}\n"
        if not content or len(content) > _LARGEST or size + len(line) > _LIMIT:
            continue
        lines.append(line)
        size += len(line)
        kept += 1
    with open(packed, "w", encoding="ascii") as file:
        file.writelines(lines)
    print(f"{packed}: {len(named)} named inputs, {kept} of {len(found)} others, {size} bytes")


_HEADER = """# Inputs of the fuzzer: name, bytes. Those with a name of their own show what it says; the
# others together reach what the fuzzer has reached (make fuzz-keep writes them).
# SPDX-License-Identifier: GPL-2.0-only
"""

if __name__ == "__main__":
    sys.exit(main())
