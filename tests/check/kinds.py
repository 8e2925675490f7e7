"""The kinds of checks: a command, a boot medium, a guest bare against assisted.
Not here: the list of checks (table.py), nor running them side by side (check.py)."""
# SPDX-License-Identifier: GPL-2.0-only

import os
import re
import subprocess
import threading
from dataclasses import dataclass, field

import arguments
import image
import report
import session
import testvisor_log

MEMORY = 64  # MiB of the machine
_MILLION = 10**6
_TAP = re.compile(r"^\s*(not ok|ok)\b(?: +\d+)?(?: +-)? *(.*?)(# *SKIP.*)?$", re.IGNORECASE)
_TAP_PLAN = re.compile(r"^\s*1\.\.(\d+)")
_TOTAL = re.compile(r"^\d+ passed, (\d+) failed(, \d+ skipped)?$")
_SHOWN = 12  # lines of detail for a failure


@dataclass
class Result:
    """How many cases passed, failed and were skipped, a remark for the progress line, and lines
    about the failures."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    remark: str = ""
    details: list = field(default_factory=list)


@dataclass(frozen=True)
class Check:
    """One entry of the list. `run(folder)` does it, with `folder` for what it leaves, and returns
    the Result."""

    name: str
    run: object


def command_check(name, command, wants_cases=False):
    """A command. Its cases are the TAP lines that it prints, which `wants_cases` demands; without
    any it is one case, which its exit status and a last line 'N passed, N failed' decide."""

    def run(folder):
        done = subprocess.run(
            command,
            cwd=arguments.ROOT,
            env={**os.environ, "CMOCKA_MESSAGE_OUTPUT": "TAP"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        with open(os.path.join(folder, "output.txt"), "wb") as file:
            file.write(done.stdout)
        return count_cases(done.stdout.decode("utf-8", "replace"), done.returncode, wants_cases)

    return Check(name, run)


def count_cases(output, status, wants_cases=False):
    """The Result of a command that printed `output` and exited with `status`."""
    lines = [line for line in output.splitlines() if line.strip()]
    result, planned = _count_tap(lines)
    cases = result.passed + result.failed + result.skipped
    if planned not in (None, cases):
        result.failed += 1
        result.details.append(f"{planned} cases were planned, {cases} reported")
    elif cases == 0 and wants_cases:
        result.failed = 1
        result.details.append("ran no case")
    elif cases == 0:
        total = next((line for line in reversed(lines) if _TOTAL.match(line)), "")
        result.remark = total
        good = status == 0 and (not total or _TOTAL.match(total).group(1) == "0")
        result.passed, result.failed = (1, 0) if good else (0, 1)
    if status != 0:
        result.failed = max(result.failed, 1)
        result.details.append(f"exit status {status}")
    if result.failed:
        result.details += lines[-_SHOWN:]
    return result


def _count_tap(lines):
    """The Result of the TAP lines, and how many cases they announced (None: no plan)."""
    result, planned = Result(), None
    for line in lines:
        if plan := _TAP_PLAN.match(line):
            planned = (planned or 0) + int(plan.group(1))
        elif case := _TAP.match(line):
            if case.group(3):
                result.skipped += 1
            elif case.group(1).lower() == "ok":
                result.passed += 1
            else:
                result.failed += 1
                result.details.append(line.strip())
    return result, planned


def boot_check(path, until, limit, abi):
    """A medium must show `until` within `limit` million instructions."""

    def run(folder):
        plan = _plan(image.identify(path), abi, re.compile(until, re.MULTILINE), limit)
        outcome = session.run(plan, os.path.join(folder, "work"))
        report.write(outcome, folder)
        if outcome.ending == session.REACHED:
            return Result(passed=1)
        return _failure(f"'{until}' was not shown", outcome)

    return Check(f"boot {os.path.basename(path)} {abi}", run)


def compare_checks(name, path, sides, limit):
    """A guest must end bare with its last line, and write the same under every one of `sides`: pairs
    of an ABI and a variant of the blob."""
    bare = _Once()

    def run_bare(folder):
        outcome = bare.get(lambda: _run_guest(path, arguments.BARE, limit, folder))
        last = outcome.com1.rstrip().splitlines()[-1:]
        if outcome.ending == session.SHUTDOWN and last == [f"{name}: end".encode()]:
            return Result(passed=1)
        return _failure(f"did not end with '{name}: end'", outcome)

    def assisted(abi, variant):
        def run(folder):
            wanted = bare.get(lambda: _run_guest(path, arguments.BARE, limit, folder))
            outcome = _run_guest(path, abi, limit, folder, variant)
            for port, bare_output, output in (
                ("COM1", wanted.com1, outcome.com1),
                ("port 0xE9", wanted.e9, outcome.e9),
            ):
                if bare_output != output:
                    details = [difference(port, bare_output, output), _end(outcome)]
                    return Result(failed=1, details=details)
            if not wanted.com1 or outcome.ending != session.SHUTDOWN:
                return _failure("did not come to its end", outcome)
            return Result(passed=1)

        policy = "" if variant else " with policy"
        return Check(f"compare {name} {abi}{policy}", run)

    return [Check(f"guest {name} bare", run_bare), *(assisted(*side) for side in sides)]


def difference(port, bare, assisted):
    """Says where two outputs part."""
    bare_lines, assisted_lines = bare.splitlines(), assisted.splitlines()
    for number, (wanted, seen) in enumerate(zip(bare_lines, assisted_lines), 1):
        if wanted != seen:
            return (
                f"{port}, line {number}:\n  bare:     {report.printable(wanted)}"
                f"\n  assisted: {report.printable(seen)}"
            )
    return f"{port}: {len(bare_lines)} lines bare, {len(assisted_lines)} assisted"


class _Once:
    """A value that the first who asks for it computes."""

    def __init__(self):
        self._lock = threading.Lock()
        self._value = None

    def get(self, compute):
        with self._lock:
            if self._value is None:
                self._value = compute()
            return self._value


def _plan(medium, abi, until, limit, variant=""):
    rom = arguments.rom_of(abi, variant)
    return session.Plan(
        machine=arguments.machine_for(rom, abi, MEMORY, medium),
        until=until,
        limit=limit * _MILLION,
        testvisor_memory=None if abi == arguments.BARE else MEMORY,
        step=session.STEP if until else session.LONG_STEP,
    )


def _run_guest(path, abi, limit, folder, variant=""):
    folder = os.path.join(folder, abi)
    work = os.path.join(folder, "work")
    outcome = session.run(_plan(image.identify(path), abi, None, limit, variant), work)
    report.write(outcome, folder)
    return outcome


def _end(outcome):
    detail = f" ({outcome.detail})" if outcome.detail else ""
    return f"{outcome.ending}{detail}; {outcome.tick:,} instructions"


def _failure(reason, outcome):
    log = testvisor_log.parse(outcome.log.decode("latin-1"))
    details = [reason, _end(outcome)]
    shown = outcome.display.text() if outcome.display else ""
    for source in (shown, report.printable(outcome.com1), "\n".join(log.other)):
        details += [f"| {line}" for line in source.splitlines() if line.strip()][-_SHOWN:]
    return Result(failed=1, details=details)
