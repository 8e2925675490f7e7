"""Describes the machine to Bochs: the same one for a bare and for an assisted run, but for the ROM.
Not here: starting Bochs and talking to it (debugger.py), nor choosing the ROM (arguments.py)."""
# SPDX-License-Identifier: GPL-2.0-only

import os
import shutil
from dataclasses import dataclass

from image import SECTOR, Medium

BIOS = "/usr/share/bochs/BIOS-bochs-legacy"
VIDEO_BIOS = "/usr/share/vgabios/vgabios.bin"

# Instructions per second of guest time: low enough that floppy and menu delays cost little.
INSTRUCTIONS_PER_SECOND = 8_000_000
# How often, per second of guest time, Bochs looks at the display and the keys.
DISPLAY_UPDATES = 20

DISK_HEADS = 16
DISK_SECTORS_PER_TRACK = 63
DISK_CYLINDER = DISK_HEADS * DISK_SECTORS_PER_TRACK * SECTOR

COM1_FILE = "com1.txt"
LOG_FILE = "parallel.txt"
BOCHS_LOG_FILE = "bochs.log"
CONFIGURATION_FILE = "bochsrc"

CONFIGURATION = """\
config_interface: textconfig
display_library: rfb, options="timeout=0"
romimage: file=rom.bin
vgaromimage: file=video.bin
cpu: model=core2_penryn_t9600, count=1, ips={ips}, reset_on_triple_fault=0
memory: guest={memory}, host={memory}
clock: sync=none, time0={epoch}
log: {bochs_log}
panic: action=fatal
error: action=report, cpu0={cpu_errors}
info: action=report
debug: action=ignore
port_e9_hack: enabled=1
com1: enabled=1, mode=file, dev={com1}
parport1: enabled=1, file={log}
sound: waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy
speaker: enabled=1, mode=none
vga: extension=vbe, update_freq={updates}, realtime=0
pci: enabled=1, chipset=i440fx
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata1: enabled=1, ioaddr1=0x170, ioaddr2=0x370, irq=15
"""
# The clock that every run starts at (UTC): a run must not depend on the day.
EPOCH = 1640995200


@dataclass(frozen=True)
class Machine:
    """What to build: `rom` ends at 4 GiB, `memory` in MiB, `cpu_errors` puts Bochs' CPU messages
    (VM-entry diagnoses among them) into its log, `second` is how many instructions a second of
    guest time takes."""

    rom: str
    memory: int
    medium: Medium
    cpu_errors: bool = False
    second: int = INSTRUCTIONS_PER_SECOND


def prepare(machine, folder):
    """Fill the empty `folder` with what Bochs needs to run `machine` from there. The image is
    copied or only read, never written."""
    _link(machine.rom, folder, "rom.bin")
    _link(VIDEO_BIOS, folder, "video.bin")
    lines = CONFIGURATION.format(
        ips=machine.second,
        memory=machine.memory,
        epoch=EPOCH,
        bochs_log=BOCHS_LOG_FILE,
        cpu_errors="report" if machine.cpu_errors else "ignore",
        com1=COM1_FILE,
        log=LOG_FILE,
        updates=DISPLAY_UPDATES,
    )
    lines += _ATTACH[machine.medium.drive](machine.medium, folder)
    with open(os.path.join(folder, CONFIGURATION_FILE), "w", encoding="ascii") as file:
        file.write(lines)


def _link(path, folder, name):
    os.symlink(os.path.abspath(path), os.path.join(folder, name))


def _attach_floppy(medium, folder):
    _copy(medium.path, folder, medium.size)
    return f"floppya: {medium.floppy_format}=medium.img, status=inserted\nboot: floppy\n"


def _attach_disk(medium, folder):
    cylinders = -(-medium.size // DISK_CYLINDER)
    _copy(medium.path, folder, cylinders * DISK_CYLINDER)
    return (
        f"ata0-master: type=disk, path=medium.img, mode=flat, cylinders={cylinders},"
        f" heads={DISK_HEADS}, spt={DISK_SECTORS_PER_TRACK}, translation=auto\nboot: disk\n"
    )


def _attach_cd(medium, folder):
    _link(medium.path, folder, "medium.iso")
    return "ata1-master: type=cdrom, path=medium.iso, status=inserted\nboot: cdrom\n"


_ATTACH = {"floppy": _attach_floppy, "disk": _attach_disk, "cd": _attach_cd}


def _copy(path, folder, size):
    """A private copy, zero-filled up to `size` bytes; holes stay holes."""
    copy = os.path.join(folder, "medium.img")
    with open(path, "rb") as source, open(copy, "wb") as target:
        while block := source.read(1 << 20):
            if block.count(0) == len(block):
                target.seek(len(block), os.SEEK_CUR)
            else:
                target.write(block)
        target.truncate(size)


def clean(folder):
    """Remove the copy of the medium, which may be large."""
    copy = os.path.join(folder, "medium.img")
    if os.path.exists(copy):
        os.unlink(copy)


def empty_folder(folder):
    """Make `folder` an empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
