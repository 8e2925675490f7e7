#!/usr/bin/python3
"""`make bench-readme`: puts the tables and the picture of the last `make bench` into README.md and docs/.
Not here: the measuring (bench.py)."""
# SPDX-License-Identifier: GPL-2.0-only

import json
import os
import re
import shutil
import sys

import tables
from workload import FOLDER, ROOT

_README = os.path.join(ROOT, "README.md")
_PICTURE = os.path.join(ROOT, "docs", "bench.svg")
_START, _END = "<!-- bench: written by `make bench-readme` -->", "<!-- bench: end -->"
_WORDS = {True: "reached", False: "not reached", None: "not measured"}


def main():
    """Replace what is between the two marks; return the exit status."""
    try:
        with open(f"{FOLDER}.json", encoding="utf-8") as file:
            result = json.load(file)
    except OSError:
        print("bench-readme: no result yet: `make bench` first", file=sys.stderr)
        return 2
    with open(_README, encoding="utf-8") as file:
        text = file.read()
    if text.count(_START) != 1 or text.count(_END) != 1:
        print(f"bench-readme: README.md has not one '{_START}' and one '{_END}'", file=sys.stderr)
        return 2
    block = "\n".join([_START, *_lines(result), _END])
    pattern = re.escape(_START) + ".*" + re.escape(_END)
    text = re.sub(pattern, lambda _: block, text, flags=re.DOTALL)
    with open(_README, "w", encoding="utf-8") as file:
        file.write(text)
    shutil.copyfile(f"{FOLDER}.svg", _PICTURE)
    return 0


def _lines(result):
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    yield (
        f"{result['processor']}; medians of {result['rounds']} rounds; million guest instructions"
        " per second of user time, gigabytes"
    )
    yield f"for copy and strings; {versions}."
    yield ""
    yield from tables.markdown(tables.rates(result))
    yield ""
    yield "hvmassist's speed as a multiple of theirs:"
    yield ""
    yield from tables.markdown(tables.ratios(result))
    yield ""
    yield from tables.markdown(_targets(result))
    yield ""
    size = result["size"]
    yield (
        f"The blob that was measured: image {size['image']:,} of {62 * 1024:,} bytes, with its"
        f" memory {size['total']:,} of {100 * 1024:,}."
    )


def _targets(result):
    yield ["", "of", "wanted", "measured", ""]
    for row in result["targets"]:
        yield [
            row["kind"],
            row["subject"],
            row["wanted"],
            row["measured"],
            _WORDS[row["reached"]],
        ]


if __name__ == "__main__":
    sys.exit(main())
