"""The variables of `make run`: their names, defaults and checks.
Not here: what a run does with them (session.py)."""
# SPDX-License-Identifier: GPL-2.0-only

import os
import re
from dataclasses import dataclass

import image
import keys
import machine

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

ROMS = os.path.join(ROOT, "build", "testvisor")
BARE = "bare"
ASSISTED = ("3.2", "3.1", "hypercall")
ABIS = (*ASSISTED, BARE)

# What the testvisor and the high-layout blob take from the end of the machine's memory, in MiB.
HIDDEN_MEMORY = 2
_MEMORY_RANGE = (32, 1024)
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}

_DEFAULT_IMAGE = os.path.join(ROOT, "build", "media", "d02-grub-legacy.img")
_DEFAULT_UNTIL = "grub>"
# A run with a pattern stops by itself when all is well; one without lasts as long as this.
_DEFAULT_LIMIT, _DEFAULT_LIMIT_WITH_UNTIL = "1G", "10G"
DEFAULTS = {
    "ABI": "3.2",
    "MEMORY": "64",
    "OUT": os.path.join(ROOT, "build", "run"),
}
VARIABLES = ("IMAGE", "DRIVE", "ABI", "UNTIL", "KEYS", "LIMIT", "MEMORY", "LOG", "POLICY", "OUT")

HELP = f"""\
IMAGE=file     floppy, disk or CD image, told apart by content (default: the GRUB Legacy floppy)
DRIVE=         floppy, disk or cd: overrules the content (a hybrid ISO as a disk)
ABI=           {", ".join(ABIS)}: the other side, or no testvisor at all (default 3.2)
UNTIL=regex    ends the run when screen, COM1 or port 0xE9 shows it
LIMIT=number   instructions at most; k, M and G multiply (default 1G, with UNTIL= 10G)
KEYS=          what to type
MEMORY=MiB     of the machine; the guest sees {HIDDEN_MEMORY} less (default 64)
POLICY=        on or off: off gives the guest to the hardware as soon as it can go (default on)
LOG=trace      writes trace.txt, a disassembled trace of the interpreted instructions
OUT=folder     where the results go (default build/run)
{keys.HELP}"""


class ArgumentError(Exception):
    """A variable is wrong; the text says which and why, for the user."""


@dataclass(frozen=True)
class Arguments:
    """The checked variables. `medium` is None only while the image is still to be built."""

    image: str
    medium: image.Medium | None
    abi: str
    until: re.Pattern | None
    limit: int
    steps: tuple
    memory: int
    trace: bool
    policy: bool
    out: str

    @property
    def variant(self):
        """Of the blob: what the ROM's name has behind the ABI."""
        if self.trace:
            return "-trace"
        return "" if self.policy else "-leave"

    @property
    def machine(self):
        """The machine to run; ArgumentError when its ROM is not there."""
        rom = rom_of(self.abi, self.variant)
        if not os.path.exists(rom):
            raise ArgumentError(f"{rom} is missing: build it first (make run does)")
        return machine_for(rom, self.abi, self.memory, self.medium)


def rom_of(abi, variant="", folder=ROMS):
    """Path of the ROM that plays `abi`; `variant` is that of its blob (see firmware/module.mk)."""
    if abi == BARE:
        return machine.BIOS
    return os.path.join(folder, f"testvisor-{abi}{variant}.rom")


def machine_for(rom, abi, memory, medium, second=machine.INSTRUCTIONS_PER_SECOND):
    """The machine whose guest sees the same under every ABI: bare, it has what is hidden otherwise
    less."""
    visible = memory - HIDDEN_MEMORY if abi == BARE else memory
    return machine.Machine(rom, visible, medium, cpu_errors=abi != BARE, second=second)


def check(variables, image_may_be_missing=False):
    """Turn the variables (empty means not given) into Arguments. Raises ArgumentError."""
    given = {name: value for name, value in variables.items() if value}
    values = {**DEFAULTS, **given}
    until = given.get("UNTIL") or (None if "IMAGE" in given else _DEFAULT_UNTIL)
    if values["ABI"] not in ABIS:
        raise ArgumentError(f"ABI={values['ABI']}: is none of {', '.join(ABIS)}")
    if values.get("LOG", "trace") != "trace":
        raise ArgumentError(f"LOG={values['LOG']}: is not 'trace'")
    if "LOG" in values and values["ABI"] == BARE:
        raise ArgumentError("LOG=trace: nothing is interpreted with ABI=bare")
    if values.get("POLICY", "on") not in ("on", "off"):
        raise ArgumentError(f"POLICY={values['POLICY']}: is neither 'on' nor 'off'")
    if "LOG" in values and values.get("POLICY") == "off":
        raise ArgumentError("POLICY=off: the blob that LOG=trace wants has it on")
    try:
        steps = tuple(keys.parse(values.get("KEYS", "")))
    except keys.KeysError as error:
        raise ArgumentError(str(error)) from error
    path = values.get("IMAGE", _DEFAULT_IMAGE)
    limit = values.get("LIMIT") or (_DEFAULT_LIMIT_WITH_UNTIL if until else _DEFAULT_LIMIT)
    return Arguments(
        image=path,
        limit=_limit(limit),
        memory=_memory(values["MEMORY"]),
        until=_until(until),
        steps=steps,
        abi=values["ABI"],
        trace="LOG" in values,
        policy=values.get("POLICY", "on") == "on",
        out=os.path.abspath(values["OUT"]),
        medium=_medium(path, values.get("DRIVE"), image_may_be_missing),
    )


def _medium(path, drive, may_be_missing):
    if drive is not None and drive not in image.DRIVES:
        raise ArgumentError(f"DRIVE={drive}: is none of {', '.join(image.DRIVES)}")
    if may_be_missing and not os.path.exists(path):
        return None
    try:
        return image.identify(path, drive)
    except image.ImageError as error:
        raise ArgumentError(f"IMAGE={error}") from error


def _until(text):
    if text is None:
        return None
    try:
        return re.compile(text, re.MULTILINE)
    except re.error as error:
        raise ArgumentError(f"UNTIL={text}: is no regular expression: {error}") from error


def _limit(text):
    match = re.fullmatch(r"(\d+)([kMG]?)", text)
    limit = int(match.group(1)) * _UNITS[match.group(2)] if match else 0
    if limit == 0:
        raise ArgumentError(f"LIMIT={text}: is no number of instructions (like 500M or 2G)")
    return limit


def _memory(text):
    low, high = _MEMORY_RANGE
    if not text.isdecimal() or int(text) % 2 or not low <= int(text) <= high:
        raise ArgumentError(f"MEMORY={text}: is no even number of MiB from {low} to {high}")
    return int(text)
