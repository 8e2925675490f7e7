#!/usr/bin/python3
"""`make check-soak`: GRUB polls for a key at its menu, switching modes all the time, while keys and
timer ticks arrive; assisted, no key may be lost and no more ticks than bare.
Not here: the ladder (check_boot.py)."""
# SPDX-License-Identifier: GPL-2.0-only

import argparse
import os
import re
import sys
from dataclasses import dataclass

_HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(_HERE, "..", "run"))

import arguments  # noqa: E402 (needs the path)
import image  # noqa: E402
import keys  # noqa: E402
import machine  # noqa: E402
import report  # noqa: E402
import session  # noqa: E402

_MEMORY = 64
_MEDIUM = os.path.join(arguments.ROOT, "build", "media", "d18-grub-legacy-keys.iso")
_FOLDER = os.path.join(arguments.ROOT, "build", "boot")
_MENU = "Press enter to boot"
# What a step of keys takes, with the screen at rest before it, in seconds of the guest's time: the
# menu is drawn in more of it where more is interpreted.
_STEP_SECONDS = {arguments.BARE: 6, "hypercall": 40}
_STEP_SECONDS_MOST = 60
# Million instructions at most: to the menu, and for drawing what a key changes.
_BOOT_MOST = 5000
_KEY_MOST = 3000

_BIOS_TICKS = 0x46C  # BIOS data area: timer interrupts since midnight
_TICKS_A_SECOND = 1193182 / 65536
_TOLERANCE = 2  # ticks that the two ends of a measurement may be off by


@dataclass
class Clock:
    """The BIOS's tick counter while the menu was on screen: (instructions, ticks) at both ends."""

    first: tuple | None = None
    last: tuple | None = None

    def look(self, bochs, outcome):
        """Called with the machine at rest."""
        if _MENU in outcome.display.everything():
            count = int.from_bytes(bochs.read_physical(_BIOS_TICKS, 4), "little")
            self.last = (outcome.tick, count)
            self.first = self.first or self.last

    def counted(self):
        """Ticks that the guest counted, and those that there were."""
        elapsed = (self.last[0] - self.first[0]) / machine.INSTRUCTIONS_PER_SECOND
        return self.last[1] - self.first[1], elapsed * _TICKS_A_SECOND


def main():
    """Run what the command line names; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=600, help="of polling, about")
    parser.add_argument("--burst", type=int, default=3, help="keys in a row")
    parser.add_argument("--abis", type=str.split, default=["3.2", "hypercall"])
    options = parser.parse_args()
    failed = 0
    lost_bare = 0
    for abi in (arguments.BARE, *options.abis):
        step = _STEP_SECONDS.get(abi, _STEP_SECONDS_MOST)
        good, text, lost = _soak(abi, max(options.seconds // step, 1), options.burst)
        if abi == arguments.BARE:
            lost_bare = lost
        elif lost > lost_bare + _TOLERANCE:
            good = False
            text += f": bare loses {lost_bare:.1f}"
        print(f"{'ok' if good else 'FAIL':4} soak {abi}: {text}", flush=True)
        failed += not good
    print(f"{1 + len(options.abis) - failed} passed, {failed} failed")
    return 1 if failed else 0


def _soak(abi, steps, burst):
    """Whether all keys arrived, a line about it, and how many ticks were lost."""
    number = steps * burst
    typed = [f"{_MENU}=>", *["<down>" * burst] * steps, "\\n"]
    limit = (_BOOT_MOST + number * _KEY_MOST) * 10**6
    plan = session.Plan(
        machine=arguments.machine_for(
            arguments.rom_of(abi), abi, _MEMORY, image.identify(_MEDIUM)
        ),
        until=re.compile(r"Booting 'number \d+'"),
        limit=limit + steps * _STEP_SECONDS_MOST * machine.INSTRUCTIONS_PER_SECOND,
        keys=tuple(keys.parse(";".join(typed))),
        testvisor_memory=None if abi == arguments.BARE else _MEMORY,
    )
    clock = Clock()
    folder = os.path.join(_FOLDER, f"soak-{abi}")
    outcome = session.run(plan, os.path.join(folder, "work"), observe=clock.look)
    report.write(outcome, folder)
    shown = re.search(r"Booting 'number (\d+)'", outcome.display.everything())
    if not shown or clock.first is None:
        return False, f"{outcome.ending} {outcome.detail}; see {os.path.relpath(folder)}/", 0.0
    arrived = int(shown.group(1))
    counted, there_were = clock.counted()
    text = f"{there_were / _TICKS_A_SECOND:.0f} s: {arrived} of {number} keys"
    text += f", {counted} of {there_were:.1f} ticks"
    if outcome.statistics:
        text += f", {outcome.statistics['blob interpreted_instructions']:,} interpreted"
    return arrived == number, text, there_were - counted


if __name__ == "__main__":
    sys.exit(main())
