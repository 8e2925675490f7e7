"""Runs the trial on the processor itself and under the interpreted Linux, with and without kept
code; each of its parts must say the same. TAP. Not here: what it tries (trial.c)."""
# SPDX-License-Identifier: GPL-2.0-only

import argparse
import os
import subprocess
import sys

STORES = {"no code kept": 0, "10 KiB of kept code": 10240, "64 KiB of kept code": 65536}
HEADING = "== "
UNAVAILABLE = "unavailable"
SECONDS = 600
SHOWN = 12  # lines of a difference


def parts(text):
    """What the trial says, as a dictionary of its parts, in their order."""
    found, name = {}, None
    for line in text.replace("\r", "").splitlines():
        if line.startswith(HEADING):
            name = line[len(HEADING) :]
            found[name] = []
        elif name is not None and name != "end":
            found[name].append(line)
    return found


def difference(native, interpreted):
    """The first lines that are not the same, as text."""
    lines = []
    for number in range(max(len(native), len(interpreted))):
        left = native[number] if number < len(native) else "nothing"
        right = interpreted[number] if number < len(interpreted) else "nothing"
        if left != right:
            lines.append(f"line {number + 1}: {left} on the processor, {right} interpreted")
    return lines


def run_native(trial):
    """The parts, or an empty dictionary where a 32-bit program does not run."""
    try:
        done = subprocess.run(
            [os.path.abspath(trial)], stdout=subprocess.PIPE, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return {}
    found = parts(done.stdout.decode("ascii", "replace"))
    return found if "end" in found else {}


def run_interpreted(arguments, store, log):
    """The parts, whether it ended as it should, and what the runner says of that."""
    command = [arguments.runner, arguments.kernel, arguments.image, arguments.initramfs, str(store)]
    with open(log, "wb") as output:
        try:
            done = subprocess.run(
                command, stdout=output, stderr=subprocess.PIPE, timeout=SECONDS, check=False
            )
            good, said = done.returncode == 0, done.stderr.decode("utf-8", "replace").strip()
        except subprocess.TimeoutExpired:
            good, said = False, f"not at its end after {SECONDS} s"
    with open(log, encoding="ascii", errors="replace") as file:
        return parts(file.read()), good, said


class Tap:
    """Counts and prints cases."""

    def __init__(self):
        self.count = self.failed = 0

    def case(self, name, problems=(), skip=""):
        self.count += 1
        self.failed += bool(problems)
        word = "not ok" if problems else "ok"
        print(f"{word} {self.count} - {name}" + (f" # SKIP {skip}" if skip else ""))
        for line in list(problems)[:SHOWN]:
            print(f"    {line}")
        sys.stdout.flush()


def compare(tap, title, native, interpreted, said):
    """A case for each part."""
    if not interpreted:
        tap.case(f"{title}: the program runs", [f"it said nothing; Linux: {said}"])
        return
    for name in native or interpreted:
        if not native:
            tap.case(f"{title}: {name}", skip="32-bit programs do not run here")
        elif UNAVAILABLE in native[name]:
            tap.case(f"{title}: {name}", skip="the processor's kernel does not allow it")
        elif name not in interpreted:
            tap.case(f"{title}: {name}", [f"was not reached; Linux: {said}"])
        else:
            tap.case(f"{title}: {name}", difference(native[name], interpreted[name]))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("kernel", "image", "initramfs", "trial", "runner", "logs"):
        parser.add_argument(f"--{name}", required=True)
    arguments = parser.parse_args()
    tap = Tap()
    native = run_native(arguments.trial)
    for title, store in STORES.items():
        log = os.path.join(arguments.logs, f"console-{store}.txt")
        interpreted, good, said = run_interpreted(arguments, store, log)
        print(f"# {title}: {said}")
        tap.case(f"{title}: Linux boots and restarts", [] if good else [said])
        compare(tap, title, native, interpreted, said)
    print(f"1..{tap.count}")
    return bool(tap.failed)


if __name__ == "__main__":
    sys.exit(main())
