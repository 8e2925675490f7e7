#!/usr/bin/python3
"""Where a workload's host instructions go, by function of the interpreter: `callgrind.py WORKLOAD`.
Not here: the figures that are recorded (count.py)."""
# SPDX-License-Identifier: GPL-2.0-only

import os
import re
import subprocess
import sys

from workload import BLOB, BY_NAME, FOLDER, BenchError, run_host

_REPEATS = 3
# As in "1,234,567 (12.34%)  ???:execute [/path/blob-low]".
_LINE = re.compile(r"^ *([\d,]+) \( *[\d.]+%\)  [^:]*:(\S+)")


def main(names):
    """Print one table."""
    if len(names) != 1 or names[0] not in BY_NAME:
        raise BenchError(f"WORKLOAD is one of {', '.join(BY_NAME)}")
    workload = BY_NAME[names[0]]
    output = os.path.join(FOLDER, f"callgrind.{workload.name}")
    wrapper = [
        "valgrind",
        "--tool=callgrind",
        f"--callgrind-out-file={output}",
        "--toggle-collect=processor_run",
    ]
    values, _ = run_host(BLOB, workload, _REPEATS, wrapper)
    guest = int(values["retired"])
    text = subprocess.run(
        ["callgrind_annotate", "--threshold=99.9", output],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rows = [(match.group(2), int(match.group(1).replace(",", ""))) for match in _matches(text)]
    total = sum(host for _, host in rows)
    print(f"{workload.name}: {total:,} host instructions / {guest:,} guest instructions")
    print(f"{'function':40} {'host/guest':>10} {'share':>7}")
    for name, host in rows:
        print(f"{name:40} {host / guest:10.3f} {host / total:7.1%}")
    print(f"{'sum':40} {total / guest:10.3f}")
    print(f"{os.path.relpath(output)}: for callgrind_annotate and kcachegrind")
    return 0


def _matches(text):
    for line in text.splitlines():
        match = _LINE.match(line)
        if match and match.group(2) != "TOTALS":
            yield match


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (BenchError, OSError, subprocess.CalledProcessError) as error:
        print(f"bench-profile: {error}", file=sys.stderr)
        sys.exit(2)
