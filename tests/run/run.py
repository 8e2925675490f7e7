#!/usr/bin/python3
"""`make run`: boots an image in Bochs, bare or assisted, and shows what it did.
Not here: the variables (arguments.py), the run itself (session.py), the output (report.py)."""
# SPDX-License-Identifier: GPL-2.0-only
#
# Takes the variables as NAME=value arguments, or from the environment. Exit status: 0 when the
# run did what it was to do, 1 when the guest did not, 2 for wrong input or a missing tool. With
# the word "check" it only checks the variables, and lets an image be that is not there yet.

import fcntl
import os
import sys

import arguments
import report
import session
from debugger import BochsError

_GUEST_FAILED = 1
_WRONG_INPUT = 2


def main(words):
    """Run with the command line `words`; return the exit status."""
    variables = {name: os.environ.get(name, "") for name in arguments.VARIABLES}
    only_check = False
    for word in words:
        name, equals, value = word.partition("=")
        if word in ("help", "--help", "-h"):
            print(arguments.HELP)
            return 0
        if word == "check":
            only_check = True
        elif equals and name in arguments.VARIABLES:
            variables[name] = value
        else:
            return _fail(f"'{word}' is no variable of a run\n\n{arguments.HELP}")
    try:
        checked = arguments.check(variables, image_may_be_missing=only_check)
        return 0 if only_check else _run(checked)
    except (arguments.ArgumentError, BochsError) as error:
        return _fail(str(error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _fail("nobody reads the output")
    except OSError as error:
        return _fail(f"{error.filename or 'run'}: {error.strerror}")


def _run(checked):
    os.makedirs(checked.out, exist_ok=True)
    with open(os.path.join(checked.out, "lock"), "w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return _fail(f"{checked.out} is in use by another run; give this one its own OUT=")
        return _run_alone(checked)


def _run_alone(checked):
    guest_memory = checked.memory - arguments.HIDDEN_MEMORY
    print(
        f"{checked.image}: {checked.medium.drive}; ABI {checked.abi};"
        f" the guest sees {guest_memory} MiB",
        flush=True,
    )
    plan = session.Plan(
        machine=checked.machine,
        until=checked.until,
        limit=checked.limit,
        keys=checked.steps,
        picture=True,
        testvisor_memory=None if checked.abi == arguments.BARE else checked.memory,
        explain=checked.until is not None,
    )
    progress = report.Progress()
    try:
        outcome = session.run(plan, os.path.join(checked.out, "work"), progress)
    finally:
        progress.close()
    remark = report.write(outcome, checked.out)
    report.show(checked, outcome, remark)
    if checked.trace:
        lines = report.disassemble(outcome, checked.out, arguments.ROOT)
        print(f"trace.txt has {lines} lines")
    print(f"results: {os.path.relpath(checked.out)}/")
    return 0 if report.succeeded(checked, outcome) else _GUEST_FAILED


def _fail(text):
    print(f"run: {text}", file=sys.stderr)
    return _WRONG_INPUT


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
