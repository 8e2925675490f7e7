#!/usr/bin/python3
"""Reports of `make coverage`: text and HTML, and whether every line that no proof runs is listed.
Not here: running the proofs (collect.sh)."""
# SPDX-License-Identifier: GPL-2.0-only

import argparse
import glob
import os
import re
import subprocess
import sys

_GOAL = 97.0  # percent of lines
_SOURCES = "emulator"
# A row of the list: | file | line, as it stands there | reason |
_ROW = re.compile(r"^\| *`([^`]+)` *\| *`(.+)` *\| *(.+?) *\|$")


def main():
    """Write the reports; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", help="build/coverage")
    parser.add_argument("listed", help="what is not covered, with reasons")
    options = parser.parse_args()
    llvm = _Coverage(options.folder)
    llvm.write("html", "show", "-format=html", f"-output-dir={options.folder}/html", "-show-branches=count")
    llvm.write("report.txt", "report")
    lcov = llvm.write("lines.info", "export", "-format=lcov")
    lines, branches = _lines(lcov), _branches(lcov)
    uncovered = sorted(line for line, count in lines.items() if count == 0)
    listed = _listed(options.listed)
    missing = [line for line in uncovered if (line[0], _text(line)) not in listed]
    for path, number in missing:
        print(f"{path}:{number}: never run, and not in {options.listed}: {_text((path, number))}")
    stale = sorted(set(listed) - {(line[0], _text(line)) for line in uncovered})
    for path, text in stale:
        print(f"{path}: in {options.listed}, but it is run or gone: {text}")
    taken = sum(count != 0 for count in branches.values())
    percent = 100 * (1 - len(uncovered) / len(lines))
    print(
        f"{taken} of {len(branches)} branches taken ({100 * taken / len(branches):.1f} %); "
        f"see {options.folder}/html/index.html and report.txt"
    )
    print(
        f"{len(lines) - len(uncovered)} of {len(lines)} lines run ({percent:.1f} %), "
        f"{len(uncovered)} not, {len(missing)} of them without a reason"
    )
    if percent < _GOAL:
        print(f"the goal is {_GOAL} %")
    return 1 if missing or stale or percent < _GOAL else 0


class _Coverage:
    """llvm-cov on all the programs together."""

    def __init__(self, folder):
        self._folder = folder
        programs = [os.path.join(folder, name) for name in ("replay", "vectors", "oracle-runner")]
        programs += sorted(path for path in glob.glob(f"{folder}/unit/*") if os.path.isfile(path))
        self._objects = programs[:1] + [f"-object={program}" for program in programs[1:]]

    def write(self, name, action, *arguments):
        """Run one action; what it prints is kept in a file and returned."""
        done = subprocess.run(
            [
                "llvm-cov",
                action,
                *arguments,
                f"-instr-profile={self._folder}/all.profdata",
                *self._objects,
                _SOURCES,
            ],
            stdout=subprocess.PIPE,
            check=True,
            encoding="utf-8",
        )
        if action != "show":
            with open(os.path.join(self._folder, name), "w", encoding="utf-8") as file:
                file.write(done.stdout)
        return done.stdout


def _lines(lcov):
    """How often each line of code was run: {(path, number): count}."""
    lines, path = {}, None
    for line in lcov.splitlines():
        if line.startswith("SF:"):
            path = os.path.relpath(line[3:])
        elif line.startswith("DA:"):
            number, count = line[3:].split(",")[:2]
            lines[path, int(number)] = lines.get((path, int(number)), 0) + int(count)
    if not lines:
        sys.exit("no line of code in the profile")
    return lines


def _branches(lcov):
    """How often each way of each condition was gone: {(path, number, block, way): count}."""
    ways, path = {}, None
    for line in lcov.splitlines():
        if line.startswith("SF:"):
            path = os.path.relpath(line[3:])
        elif line.startswith("BRDA:"):
            number, block, way, count = line[5:].split(",")
            key = path, int(number), block, way
            ways[key] = ways.get(key, 0) + (0 if count == "-" else int(count))
    return ways


def _text(line):
    path, number = line
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()[number - 1].strip()


def _listed(path):
    with open(path, encoding="utf-8") as file:
        rows = [_ROW.match(line) for line in file.read().splitlines()]
    return {(row.group(1), row.group(2)): row.group(3) for row in rows if row}


if __name__ == "__main__":
    sys.exit(main())
