#!/usr/bin/python3
"""`make bench`: the blob's interpreter and its peers on the same work, in one run on one machine.
Not here: how a peer is run (peers.py), what is to be reached (targets.py), how it looks (chart.py)."""
# SPDX-License-Identifier: GPL-2.0-only
#
# Rates are per second of user time, medians of rounds in which everybody runs once. Every run's
# checksum must be the same. Exit status: 1 when one is not, 2 when something could not be run.

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys

import chart
import peers
import tables
import targets
from workload import ALL, BY_NAME, FOLDER, ROOT, BenchError

_FIRMWARE = os.path.join(ROOT, "build", "firmware", "hvmassist")
_IMAGE_LIMIT, _TOTAL_LIMIT = 62 * 1024, 100 * 1024

_LONG = 0.2  # seconds that one run should last
_MEASURABLE = 0.05  # seconds from which on a run says how long others will take
_MOST_REPEATS = 1 << 30


class WrongChecksum(Exception):
    """A peer computed something else."""


class Series:
    """The runs of one peer with one workload."""

    def __init__(self, peer, workload, instructions, checksum):
        self.peer = peer
        self.workload = workload
        self.rates = []
        self._checksum = checksum
        # What one repeat is worth: bytes, or guest instructions.
        self._worth = workload.size or instructions
        self._repeats = 1
        self._startup = []

    def calibrate(self):
        """Find how many repeats make a run of the length wanted. False: this host cannot."""
        repeats = 1
        while True:
            sample = self._run(repeats)
            if sample is None:
                return False
            if self.peer.startup_counts and repeats == 1:
                self._startup.append(sample.seconds)
            seconds = sample.seconds - self._start_seconds()
            if seconds >= _MEASURABLE or repeats >= _MOST_REPEATS:
                break
            repeats *= 4
        self._repeats = max(2, round(repeats * _LONG / seconds))
        return True

    def measure(self):
        """One run more."""
        outside = 0
        if self.peer.startup_counts:
            self._startup.append(self._run(1).seconds)
            outside = 1
        seconds = self._run(self._repeats).seconds - self._start_seconds()
        if seconds <= 0:
            raise BenchError(f"{self.peer.title}, {self.workload.name}: the clock stood still")
        self.rates.append((self._repeats - outside) * self._worth / seconds)

    @property
    def rate(self):
        """Guest instructions or bytes per second."""
        return statistics.median(self.rates)

    @property
    def spread(self):
        """Half of what lies between slowest and fastest, as a part of the rate."""
        return (max(self.rates) - min(self.rates)) / 2 / self.rate

    def _start_seconds(self):
        return statistics.median(self._startup) if self._startup else 0.0

    def _run(self, repeats):
        sample = self.peer.run(self.workload, repeats)
        if sample and sample.checksum != self._checksum:
            raise WrongChecksum(
                f"{self.workload.name}: {self.peer.title} computed {sample.checksum},"
                f" hvmassist {self._checksum}"
            )
        return sample


def main():
    """Run everything; return the exit status."""
    options = _parse_options()
    work = [BY_NAME[name] for name in options.workloads.split()] if options.workloads else ALL
    everyone = peers.all_peers(options.bochs)
    series, skipped, io_counts = _prepare(everyone, work)
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr, flush=True)
        for one in series.values():
            one.measure()
    result = _result(series, everyone, work, skipped, io_counts, options)
    _print_table(result)
    _print_ratios(result)
    _print_targets(result)
    _print_size(result)
    with open(f"{FOLDER}.json", "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    with open(f"{FOLDER}.svg", "w", encoding="utf-8") as file:
        file.write(chart.draw(result))
    print("\nwritten: build/bench.json, build/bench.svg")
    return 0


def _parse_options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=_positive, default=7)
    parser.add_argument("--bochs", help="path of a Bochs to compare with, too")
    parser.add_argument("--workloads", help="only these, separated by spaces")
    return parser.parse_args()


def _positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("from 1 on")
    return value


def _prepare(everyone, work):
    """Count, compare and calibrate. Returns the Series by (workload, peer), the names of peers that
    cannot run here, and the blocks of INS and OUTS (made, least possible)."""
    ours = everyone[0]
    series, skipped, io_counts = {}, [], None
    for workload in work:
        print(f"calibrating {workload.name}", file=sys.stderr, flush=True)
        first, second, third = (ours.run(workload, repeats) for repeats in (1, 2, 3))
        instructions = _difference(first, second, "retired")
        if _difference(second, third, "retired") != instructions:
            raise BenchError(f"{workload.name}: one repeat is not as long as the next")
        if workload.blocks:
            made = sum(_difference(first, second, n) for n in ("string_calls", "port_accesses"))
            io_counts = made, workload.blocks
        for peer in everyone:
            if not peer.can(workload) or peer.name in skipped:
                continue
            one = Series(peer, workload, instructions, first.checksum)
            if one.calibrate():
                series[workload.name, peer.name] = one
            else:
                skipped.append(peer.name)
    return series, skipped, io_counts


def _difference(less, more, name):
    return int(more.values[name]) - int(less.values[name])


def _result(series, everyone, work, skipped, io_counts, options):
    """Everything that is printed, drawn and written, as plain values."""
    ratios = {
        (workload, peer): series[workload, "ours"].rate / one.rate
        for (workload, peer), one in series.items()
        if peer != "ours"
    }
    # The goals are against a Bochs without debugger.
    anchors = {
        (workload, peer): ratio
        for (workload, peer), ratio in ratios.items()
        if "debugger" not in series[workload, peer].peer.title
    }
    return {
        "processor": _processor(),
        "rounds": options.rounds,
        "versions": _versions(options.bochs),
        "skipped": skipped,
        "peers": [
            {"name": peer.name, "title": peer.title}
            for peer in everyone
            if any(key[1] == peer.name for key in series)
        ],
        "workloads": [
            {"name": workload.name, "unit": "GB/s" if workload.size else "MIPS"}
            for workload in work
        ],
        "rates": {
            f"{workload} {peer}": {
                "median": one.rate,
                "spread": one.spread,
                "samples": one.rates,
            }
            for (workload, peer), one in series.items()
        },
        "ratios": {f"{workload} {peer}": ratio for (workload, peer), ratio in ratios.items()},
        "targets": [vars(row) for row in targets.judge(anchors, io_counts)],
        "size": _size(),
    }


def _processor():
    with open("/proc/cpuinfo", encoding="ascii") as file:
        match = re.search(r"^model name\s*: (.*)$", file.read(), re.MULTILINE)
    return match.group(1) if match else platform.machine()


def _versions(bochs):
    """What was compared with, by Debian package."""
    names = ("qemu-system-x86", "libunicorn2", "libx86emu3")
    text = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${Version}\\n", *names],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    versions = dict(line.split() for line in text.splitlines())
    if bochs:
        shown = subprocess.run(
            [bochs, "--help"], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
        )
        match = re.search(r"Emulator (\S+)", shown.stdout + shown.stderr)
        versions["bochs"] = f"{match.group(1) if match else 'unknown'} ({bochs})"
    return versions


def _size():
    """Bytes of the low layout: the image, and the image with its memory."""
    symbols = subprocess.run(
        ["nm", f"{_FIRMWARE}.elf"], capture_output=True, text=True, check=True
    ).stdout
    total = int(re.search(r"^([0-9a-f]+) \w memory_size$", symbols, re.MULTILINE).group(1), 16)
    return {"image": os.path.getsize(f"{_FIRMWARE}.bin"), "total": total}


def _print_table(result):
    print(f"\n{result['processor']}; medians of {result['rounds']} rounds, +- half the range;")
    print("millions of guest instructions (copy, strings: GB) per second of user time")
    for name in result["skipped"]:
        print(f"left out: {name} (not permitted on this host)")
    for line in tables.text(tables.rates(result)):
        print(line)


def _print_ratios(result):
    print("\nhvmassist's speed as a multiple of")
    for line in tables.text(tables.ratios(result)):
        print(line)


def _print_targets(result):
    words = {True: "reached", False: "NOT REACHED", None: "-"}
    print()
    for row in result["targets"]:
        print(
            f"{row['kind']:9} {row['subject']:18} {row['wanted']:>12}: {row['measured']:>13}"
            f"  {words[row['reached']]}"
        )


def _print_size(result):
    size = result["size"]
    print()
    for name, limit in (("image", _IMAGE_LIMIT), ("total", _TOTAL_LIMIT)):
        word = "fits" if size[name] <= limit else "TOO LARGE"
        print(f"{name} {size[name]:,} of {limit:,} bytes: {word}")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except WrongChecksum as error:
        print(f"bench: wrong checksum: {error}", file=sys.stderr)
        sys.exit(1)
    except (BenchError, OSError, subprocess.CalledProcessError) as error:
        print(f"bench: {error}", file=sys.stderr)
        sys.exit(2)
