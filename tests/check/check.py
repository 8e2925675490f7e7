#!/usr/bin/python3
"""`make check`: runs all checks, two at a time, and ends with one line of totals.
Not here: which checks there are (table.py), nor how each is done (kinds.py)."""
# SPDX-License-Identifier: GPL-2.0-only

import argparse
import concurrent.futures
import os
import re
import shutil
import sys
import time
import traceback

_ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
sys.path.insert(0, os.path.join(_ROOT, "tests", "run"))

import kinds  # noqa: E402 (needs the path)
import table  # noqa: E402

_AT_A_TIME = 2
_FOLDER = os.path.join(_ROOT, "build", "check")


def main():
    """Run what the command line names; return the exit status."""
    options = _parse_options()
    checks = [check for check in _all_checks(options) if options.only.search(check.name)]
    if not checks:
        print(f"check: ONLY={options.only.pattern} matches no check", file=sys.stderr)
        return 2
    total = kinds.Result()
    with concurrent.futures.ThreadPoolExecutor(_AT_A_TIME) as pool:
        futures = {pool.submit(_run, check): check for check in checks}
        for future in concurrent.futures.as_completed(futures):
            result, seconds, folder = future.result()
            _print_progress(futures[future], result, seconds, folder)
            total.passed += result.passed
            total.failed += result.failed
            total.skipped += result.skipped
    skipped = f", {total.skipped} skipped" if total.skipped else ""
    print(f"{total.passed} passed, {total.failed} failed{skipped}")
    return 1 if total.failed else 0


def _parse_options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=str.split, default=[], help="test programs that print TAP")
    parser.add_argument("--targets", type=str.split, default=[], help="make targets")
    parser.add_argument("--guests", type=str.split, default=[], help="names in build/guests")
    parser.add_argument("--only", type=_regex, default=re.compile(""), help="names to run (regex)")
    return parser.parse_args()


def _regex(text):
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"ONLY={text}: {error}") from error


def _all_checks(options):
    """Cheap ones first: a broken rule should be seen before a long boot."""
    for folder in table.PYTHON_TESTS:
        script = os.path.join("tests", "check", "python_tap.py")
        yield kinds.command_check(f"python {folder}", [sys.executable, "-B", script, folder], True)
    for path in options.units:
        yield kinds.command_check(f"unit {os.path.basename(path)}", [path], wants_cases=True)
    for medium, until, limit in table.BOOT:
        path = os.path.join(_ROOT, "build", "media", medium)
        for abi in table.BOOT_ABIS:
            yield kinds.boot_check(path, until, limit, abi)
    for name in options.guests:
        path = os.path.join(_ROOT, "build", "guests", f"{name}.img")
        abis = [abi for abi in table.COMPARE_ABIS if abi not in table.COMPARE_NOT.get(name, ())]
        sides = [(abi, "-leave") for abi in abis]
        if not name.endswith("-kept") and table.COMPARE_POLICY_ABI in abis:
            sides.append((table.COMPARE_POLICY_ABI, ""))
        yield from kinds.compare_checks(name, path, sides, table.COMPARE_LIMIT)
    for target in options.targets:
        yield kinds.command_check(f"make {target}", ["make", "--no-print-directory", target])


def _run(check):
    """Do one check; whatever goes wrong in it is its failure."""
    folder = os.path.join(_FOLDER, re.sub(r"[^\w.-]+", "-", check.name))
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    started = time.monotonic()
    try:
        result = check.run(folder)
    except Exception as error:  # pylint: disable=broad-except
        with open(os.path.join(folder, "exception.txt"), "w", encoding="utf-8") as file:
            traceback.print_exc(file=file)
        result = kinds.Result(failed=1, details=[f"{type(error).__name__}: {error}"])
    return result, time.monotonic() - started, folder


def _print_progress(check, result, seconds, folder):
    word = "FAIL" if result.failed else "ok" if result.passed else "skip"
    cases = result.passed + result.failed + result.skipped
    remark = result.remark or (f"{cases} cases" if cases != 1 else "")
    print(f"{word:4} {seconds:7.1f}s  {check.name}{remark and f' ({remark})'}", flush=True)
    if result.failed:
        for line in result.details:
            print("\n".join(f"        {part}" for part in line.splitlines()))
        print(f"        all of it: {os.path.relpath(folder)}/", flush=True)


if __name__ == "__main__":
    sys.exit(main())
