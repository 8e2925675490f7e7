#!/usr/bin/python3
"""`make bench-boot`: machine instructions from reset to what a medium is to show, bare and assisted.
Not here: running a machine (tests/run), nor what the blob counts (firmware/profile.c)."""
# SPDX-License-Identifier: GPL-2.0-only
#
# Bochs counts what the machine executes, guest, blob and testvisor together; the figures are the
# same every time. `boot.py MEDIUM...` takes some of the media only.

import os
import re
import subprocess
import sys

sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "run")
)

import arguments  # noqa: E402 (needs the path)
import image  # noqa: E402
import report  # noqa: E402
import session  # noqa: E402
import structure  # noqa: E402

ABI = "3.2"
MEDIA = {
    "d02-grub-legacy.img": r"^grub>",
    "d04-grub2.iso": r"^GRUB2-DONE",
    "d06-isolinux.iso": r"^boot:",
}
_MEMORY = 64  # MiB of the machine
_LIMIT = 20_000_000_000
_STEP = 1_000_000  # how exactly the moment is known
_SHOWN = 16  # opcodes with the most time
_FOLDER = os.path.join(arguments.ROOT, "build", "bench-boot")
_PROFILED = os.path.join(arguments.ROOT, "build", "firmware", "hvmassist-at-0xD0000-profile.elf")
_HEADER = os.path.join(arguments.ROOT, "firmware", "profile.h")


class BootError(Exception):
    """A medium did not show what it is to show."""


def main(names):
    """Run the media; return the exit status."""
    for name in names or MEDIA:
        if name not in MEDIA:
            raise BootError(f"{name} is none of {', '.join(MEDIA)}")
        bare = _run(name, arguments.BARE)
        assisted = _run(name, ABI)
        _print_runs(name, bare, assisted)
        _print_profile(_run(name, ABI, "-profile"))
    return 0


def _run(name, abi, variant=""):
    medium = image.identify(os.path.join(arguments.ROOT, "build", "media", name))
    plan = session.Plan(
        machine=arguments.machine_for(arguments.rom_of(abi, variant), abi, _MEMORY, medium),
        until=re.compile(MEDIA[name], re.MULTILINE),
        limit=_LIMIT,
        testvisor_memory=None if abi == arguments.BARE else _MEMORY,
        step=_STEP,
        kept=_profile_place() if variant else None,
    )
    folder = os.path.join(_FOLDER, f"{name}-{abi}{variant}")
    outcome = session.run(plan, os.path.join(folder, "work"))
    report.write(outcome, folder)
    if outcome.ending != session.REACHED:
        raise BootError(
            f"{name}, {abi}{variant}: '{MEDIA[name]}' was not shown: {outcome.ending}"
            f" {outcome.detail}; see {os.path.relpath(folder)}"
        )
    return outcome


def _layout():
    return structure.Header(_HEADER).structure("profile")


def _profile_place():
    """(address, size) of the counts: the low layout lies where it is linked."""
    symbols = subprocess.run(["nm", _PROFILED], capture_output=True, text=True, check=True).stdout
    address = re.search(r"^([0-9a-f]+) \w profile$", symbols, re.MULTILINE).group(1)
    return int(address, 16), _layout().size


def _print_runs(name, bare, assisted):
    counts = assisted.statistics
    interpreted = counts["blob interpreted_instructions"]
    print(f"----- {name}: reset to '{MEDIA[name]}', machine instructions")
    print(f"{bare.tick:>16,}  bare")
    print(f"{assisted.tick:>16,}  assisted (ABI={ABI}), {assisted.tick / bare.tick:.2f} times bare")
    print(f"{interpreted:>16,}  guest instructions interpreted")
    for key, value in counts.items():
        if value and key != "blob interpreted_instructions":
            print(f"{value:>16,}  {key}")


def _print_profile(outcome):
    """Where the instructions of the profiling build went. It is slower than the other one, so that
    shares are what to look at, and counts."""
    profile = _layout().unpack(outcome.kept)
    inside, outside = sum(profile["time"]), sum(profile["cause_time"])
    total = outcome.tick
    count = sum(profile["count"])
    print(f"where {total:,} of the profiling build went:")
    print(f"{inside:>16,}  {inside / total:6.1%}  interpreting {count:,} instructions")
    print(f"{outside:>16,}  {outside / total:6.1%}  hand-off to return, guest on the hardware")
    start, end = profile["start"], profile["end"]
    counting = end - start - inside - outside
    print(f"{counting:>16,}  {counting / total:6.1%}  counting")
    print(f"{start:>16,}  {start / total:6.1%}  before the first: testvisor and blob start")
    print(f"{total - end:>16,}  {(total - end) / total:6.1%}  after the last: guest on the hardware")
    rows = zip(profile["cause_time"], profile["cause_count"], profile["cause_opcode"])
    for time, number, opcode in sorted(rows, reverse=True):
        if number:
            print(
                f"{time:>16,}  {time / total:6.1%}  {number:>10,} hand-offs after"
                f" {_opcode_text(opcode)}, {time / number:,.0f} each"
            )
    rows = zip(profile["time"], profile["count"], range(len(profile["count"])))
    for time, number, opcode in sorted(rows, reverse=True)[:_SHOWN]:
        if number:
            print(
                f"{time:>16,}  {time / total:6.1%}  {number:>10,} of opcode"
                f" {_opcode_text(opcode)}, {time / number:,.0f} each"
            )


def _opcode_text(opcode):
    return f"0F {opcode - 0x100:02X}" if opcode >= 0x100 else f"{opcode:02X}"


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (BootError, session.BochsError, image.ImageError, OSError) as error:
        print(f"bench-boot: {error}", file=sys.stderr)
        sys.exit(1)
