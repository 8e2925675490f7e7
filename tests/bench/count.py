#!/usr/bin/python3
"""Host instructions per guest instruction of the blob's interpreter, counted under Valgrind.
Not here: time (bench.py), and which function they go to (callgrind.py)."""
# SPDX-License-Identifier: GPL-2.0-only
#
# `count.py` measures and compares with the record, `count.py --record` writes it. Exit status: 1
# when a workload has become worse by more than the tolerance. Nothing but the code and the
# compiler changes these figures, so that they are the same on a busy machine.

import argparse
import os
import re
import sys

from workload import ALL, BLOB, ROOT, BenchError, run_host

_RECORD = os.path.join(ROOT, "tests", "bench", "COUNTS")
_TOLERANCE = 0.03
_HEADER = """\
# Host instructions for a guest instruction, of the blob's interpreter (low layout): workload, host and
# guest instructions of one repeat, ratio. Written by `make bench-count RECORD=yes`; never by hand.
# SPDX-License-Identifier: GPL-2.0-only
"""


def main():
    """Measure; record or compare; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", action="store_true", help="write the record")
    options = parser.parse_args()
    counts = {}
    for workload in ALL:
        counts[workload.name] = host, guest = count(workload)
        print(f"{workload.name:8} {host:>12,} / {guest:>9,} = {host / guest:10.3f}", flush=True)
    if options.record:
        with open(_RECORD, "w", encoding="ascii") as file:
            file.write(_HEADER)
            for name, (host, guest) in counts.items():
                file.write(f"{name:8} {host:10} {guest:8} {host / guest:10.3f}\n")
        print(f"recorded in {os.path.relpath(_RECORD)}")
        return 0
    status, lines = compare(counts, _read_record())
    print("\n".join(lines))
    return status


def count(workload):
    """Host and guest instructions of one repeat, what comes before and after it left out."""
    one, two = _run(workload, 1), _run(workload, 2)
    return two[0] - one[0], two[1] - one[1]


def _run(workload, repeats):
    # Only what the interpreter does: how the host prints its seconds varies.
    wrapper = [
        "valgrind",
        "--tool=callgrind",
        "--callgrind-out-file=/dev/null",
        "--toggle-collect=processor_run",
    ]
    values, messages = run_host(BLOB, workload, repeats, wrapper)
    collected = re.search(r"Collected : (\d+)", messages)
    if not collected or collected.group(1) == "0":
        raise BenchError(f"Valgrind counted nothing: {messages.strip()}")
    return int(collected.group(1)), int(values["retired"])


def _read_record():
    record = {}
    with open(_RECORD, encoding="ascii") as file:
        for line in file:
            if not line.startswith("#"):
                name, host, guest, _ = line.split()
                record[name] = int(host), int(guest)
    return record


def compare(counts, record):
    """Exit status, and what to say, about `counts` measured and those in the `record`, both (host,
    guest) by workload."""
    lines, worse, better = [], False, False
    for name, (host, guest) in counts.items():
        if name not in record:
            lines.append(f"{name}: not recorded; `make bench-count RECORD=yes`")
            worse = True
            continue
        before = record[name][0] / record[name][1]
        change = host / guest / before - 1
        if abs(change) > _TOLERANCE:
            word = "WORSE" if change > 0 else "better"
            lines.append(f"{name}: {word} by {abs(change):.1%}: {before:.3f} -> {host / guest:.3f}")
            worse |= change > 0
            better |= change < 0
    if better:
        lines.append("better than recorded: lower the record with `make bench-count RECORD=yes`")
    if not lines:
        lines.append(f"as recorded, within {_TOLERANCE:.0%}")
    return int(worse), lines


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (BenchError, OSError) as error:
        print(f"bench-count: {error}", file=sys.stderr)
        sys.exit(2)
