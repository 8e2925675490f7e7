#!/usr/bin/python3
"""`make check-boot`: boots the ladder, bare and assisted, two at a time, and writes the report.
Not here: the rungs (ladder.py), a run (tests/run/session.py), the report (boot_report.py)."""
# SPDX-License-Identifier: GPL-2.0-only

import argparse
import concurrent.futures
import json
import os
import re
import sys
import time
import traceback
from dataclasses import dataclass

_HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(_HERE, "..", "run"))

import arguments  # noqa: E402 (needs the path)
import boot_report  # noqa: E402
import failure  # noqa: E402
import image  # noqa: E402
import keys  # noqa: E402
import ladder  # noqa: E402
import machine  # noqa: E402
import report  # noqa: E402
import session  # noqa: E402

_AT_A_TIME = 2
_MILLION = 10**6
_FOLDER = os.path.join(arguments.ROOT, "build", "boot")
_MEDIA = os.path.join(arguments.ROOT, "build", "media")
# Instructions between two looks at the screen; a run's length is known to this.
_STEP = 500_000
_LONG_STEP = 10_000_000
_LONG = 10_000  # million instructions: where a look every _STEP would take too long

_FULL_CLOCK = machine.INSTRUCTIONS_PER_SECOND
_HALF_CLOCK = _FULL_CLOCK // 2


@dataclass(frozen=True)
class Run:
    """One boot of one medium. `abi` may be ladder.BARE; `second` is the machine's instructions a
    second; `policy` says whether short stretches may stay in the interpreter."""

    medium: ladder.Medium
    abi: str
    second: int = _FULL_CLOCK
    policy: bool = True

    @property
    def name(self):
        """Names the run, and its folder."""
        name = f"{self.medium.name}-{self.abi}"
        if self.second != _FULL_CLOCK:
            name += "-half-clock"
        return name if self.policy else f"{name}-policy-off"

    @property
    def limit(self):
        """Instructions at most."""
        bare = self.abi == ladder.BARE
        return (self.medium.limit if bare else self.medium.assisted_limit) * _MILLION


def runs_of(medium):
    """All runs of a medium, the bare ones first."""
    for abi in (ladder.BARE, *medium.abis):
        yield Run(medium, abi)
        if medium.half_clock:
            yield Run(medium, abi, _HALF_CLOCK)
    if medium.compares_policy:
        yield Run(medium, medium.abis[0], policy=False)
        if "hypercall" in medium.abis:
            yield Run(medium, "hypercall", policy=False)


def part_of(medium):
    """The runs of a medium that `make check` has time for."""
    if medium.part:
        yield Run(medium, ladder.BARE)
        yield Run(medium, "3.2")


def main():
    """Do what the command line says; return the exit status."""
    options = _parse_options()
    media = ladder.INSTALLER if options.installer else ladder.LADDER
    chosen = [
        run
        for medium in media
        for run in (part_of(medium) if options.part else runs_of(medium))
        if options.only.search(run.name)
    ]
    if not chosen and not options.render:
        print(f"check-boot: ONLY={options.only.pattern} matches no run", file=sys.stderr)
        return 2
    failed = 0
    if not options.render:
        failed = _run_all(chosen, options.roms)
    path = boot_report.write(_FOLDER, ladder.LADDER + ladder.INSTALLER)
    print(f"report: {os.path.relpath(path)}")
    if not options.render:
        print(f"{len(chosen) - failed} passed, {failed} failed")
    return 1 if failed else 0


def _parse_options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", action="store_true", help="what `make check` has time for")
    parser.add_argument("--installer", action="store_true", help="the Debian installer alone")
    parser.add_argument("--render", action="store_true", help="only the report, of earlier runs")
    parser.add_argument("--roms", default=arguments.ROMS, help="folder of the testvisor's ROMs")
    parser.add_argument("--only", type=re.compile, default=re.compile(""), help="runs (regex)")
    return parser.parse_args()


def _run_all(chosen, roms):
    """Do the runs, the longest first; return how many failed."""
    failed = 0
    order = sorted(chosen, key=lambda run: -run.limit)
    with concurrent.futures.ThreadPoolExecutor(_AT_A_TIME) as pool:
        futures = {pool.submit(_run, run, roms): run for run in order}
        for future in concurrent.futures.as_completed(futures):
            result = future.result()
            failed += not result["passed"]
            print(_progress_line(futures[future], result), flush=True)
    return failed


def _run(run, roms):
    """Do one run; whatever goes wrong in it is its failure. Leaves result.json in its folder."""
    folder = os.path.join(_FOLDER, run.name)
    started = time.monotonic()
    result = {
        "medium": run.medium.name,
        "abi": run.abi,
        "second": run.second,
        "policy": run.policy,
        "passed": False,
    }
    try:
        machine.empty_folder(folder)
        result.update(_boot(run, roms, folder))
    except Exception as error:  # pylint: disable=broad-except
        result["ending"] = f"{type(error).__name__}: {error}"
        with open(os.path.join(folder, "exception.txt"), "w", encoding="utf-8") as file:
            traceback.print_exc(file=file)
    result["seconds"] = round(time.monotonic() - started, 1)
    with open(os.path.join(folder, "result.json"), "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
    return result


def _boot(run, roms, folder):
    medium = run.medium
    long = medium.limit >= _LONG
    rom = arguments.rom_of(run.abi, "" if run.policy else "-leave", roms)
    path = os.path.join(_MEDIA, medium.image)
    plan = session.Plan(
        machine=arguments.machine_for(
            rom, run.abi, medium.memory, image.identify(path), run.second
        ),
        until=re.compile(medium.until, re.MULTILINE),
        limit=run.limit,
        keys=tuple(keys.parse(medium.keys)),
        picture=True,
        testvisor_memory=None if run.abi == ladder.BARE else medium.memory,
        step=_LONG_STEP if long else _STEP,
        sample=medium.sample,
    )
    outcome = session.run(plan, os.path.join(folder, "work"))
    report.write(outcome, folder)
    passed = outcome.ending == session.REACHED and outcome.untyped == 0
    if not passed:
        failure.explain(plan, outcome, folder, arguments.rom_of(run.abi, "-ring", roms))
    return {
        "passed": passed,
        "ending": outcome.ending,
        "detail": outcome.detail,
        "ticks": outcome.tick,
        "halted": outcome.halted,
        "statistics": outcome.statistics,
    }


def _progress_line(run, result):
    word = "ok" if result["passed"] else "FAIL"
    line = f"{word:4} {result['seconds']:7.1f}s  boot {run.name}"
    if "ticks" in result:
        line += f" ({result['ticks'] / _MILLION:,.0f} M instructions)"
    if not result["passed"]:
        folder = os.path.relpath(os.path.join(_FOLDER, run.name))
        line += f"\n        {result['ending']} {result.get('detail', '')}\n        {folder}/"
    return line


if __name__ == "__main__":
    sys.exit(main())
