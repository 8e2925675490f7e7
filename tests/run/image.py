"""Tells what kind of medium a disk image is, by its content: floppy, hard disk or CD.
Not here: attaching it to a machine (machine.py)."""
# SPDX-License-Identifier: GPL-2.0-only

import os
from dataclasses import dataclass

SECTOR = 512
CD_SECTOR = 2048

# Sizes in bytes of the floppy formats that the BIOS knows, and Bochs' names for the drives.
FLOPPY_FORMATS = {
    160 * 1024: "160k",
    180 * 1024: "180k",
    320 * 1024: "320k",
    360 * 1024: "360k",
    720 * 1024: "720k",
    1200 * 1024: "1_2",
    1440 * 1024: "1_44",
    2880 * 1024: "2_88",
}
LARGEST_FLOPPY = max(FLOPPY_FORMATS)
USUAL_FLOPPY = 1440 * 1024

# First bytes of files that hold a disk or an archive in a container of their own.
CONTAINERS = {
    b"QFI\xfb": "a QCOW image",
    b"KDMV": "a VMDK image",
    b"conectix": "a VHD image",
    b"vhdxfile": "a VHDX image",
    b"<<< ": "a VirtualBox image",
    b"\x1f\x8b": "gzip-compressed",
    b"\xfd7zXZ\0": "xz-compressed",
    b"BZh": "bzip2-compressed",
    b"\x28\xb5\x2f\xfd": "zstd-compressed",
    b"PK\x03\x04": "a zip archive",
}

DRIVES = ("floppy", "disk", "cd")


class ImageError(Exception):
    """The image cannot be booted; the text says why, for the user."""


@dataclass(frozen=True)
class Medium:
    """A bootable image: `drive` is one of DRIVES, `size` the bytes that the drive must show."""

    path: str
    drive: str
    size: int

    @property
    def floppy_format(self):
        """Bochs' name of the drive that reads this floppy."""
        return FLOPPY_FORMATS[self.size]


def identify(path, drive=None):
    """Return the Medium in the file `path`. `drive` overrules the content where both are possible.
    Raises ImageError for whatever cannot boot."""
    head, size = _read_head(path)
    for magic, name in CONTAINERS.items():
        if head.startswith(magic):
            raise ImageError(f"{path}: is {name}; a raw image is wanted")
    if drive is None:
        drive = _drive_of(path, head, size)
    elif drive == "cd":
        _require_el_torito(path, head)
    else:
        _require_boot_signature(path, head)
    if drive == "floppy":
        return Medium(path, drive, _floppy_size(path, head, size))
    return Medium(path, drive, size)


def _read_head(path):
    """The first 128 KiB of the file, and its size."""
    try:
        if os.path.isdir(path):
            raise ImageError(f"{path}: is a folder, not an image")
        with open(path, "rb") as file:
            head = file.read(128 * 1024)
            size = file.seek(0, os.SEEK_END)
    except OSError as error:
        raise ImageError(f"{path}: {error.strerror}") from error
    if size == 0:
        raise ImageError(f"{path}: is empty")
    return head, size


def _drive_of(path, head, size):
    if head[0x8001:0x8006] == b"CD001":
        if _has_el_torito(head):
            return "cd"
        if not _has_boot_signature(head):
            _require_el_torito(path, head)
        return "disk"
    _require_boot_signature(path, head)
    if size in FLOPPY_FORMATS:
        return "floppy"
    if size < LARGEST_FLOPPY and not _has_partitions(head, size):
        return "floppy"
    return "disk"


def _has_boot_signature(head):
    return head[SECTOR - 2 : SECTOR] == b"\x55\xaa"


def _require_boot_signature(path, head):
    if len(head) < SECTOR:
        raise ImageError(f"{path}: is shorter than one sector")
    if not _has_boot_signature(head):
        raise ImageError(
            f"{path}: is no bootable floppy, disk or CD image"
            " (no 55 AA at the end of its first sector, no El Torito boot record)"
        )


def _has_el_torito(head):
    """A boot record among the volume descriptors, which start at sector 16 (El Torito 1.0, 2.0)."""
    for sector in range(16, len(head) // CD_SECTOR):
        descriptor = head[sector * CD_SECTOR : (sector + 1) * CD_SECTOR]
        if descriptor[1:6] != b"CD001" or descriptor[0] == 0xFF:
            return False
        if descriptor[0] == 0 and descriptor[7:30] == b"EL TORITO SPECIFICATION":
            return True
    return False


def _require_el_torito(path, head):
    if not _has_el_torito(head):
        raise ImageError(f"{path}: is no bootable CD image (no El Torito boot record)")


def _has_partitions(head, size):
    """A master boot record's table: every entry empty or sane, and at least one in use."""
    used = 0
    for offset in range(446, 510, 16):
        entry = head[offset : offset + 16]
        if entry == bytes(16):
            continue
        first = int.from_bytes(entry[8:12], "little")
        count = int.from_bytes(entry[12:16], "little")
        if entry[0] not in (0x00, 0x80) or entry[4] == 0 or first == 0 or count == 0:
            return False
        if first * SECTOR >= size:
            return False
        used += 1
    return used > 0


def _floppy_size(path, head, size):
    """The drive's capacity: the size itself, else what the FAT parameter block says, else 1.44 MB
    or the next larger format for a short image."""
    if size in FLOPPY_FORMATS:
        return size
    if size > LARGEST_FLOPPY:
        raise ImageError(f"{path}: {size} bytes are more than a floppy holds")
    stated = int.from_bytes(head[19:21], "little") * SECTOR
    if stated in FLOPPY_FORMATS and stated >= size:
        return stated
    return USUAL_FLOPPY if size <= USUAL_FLOPPY else LARGEST_FLOPPY
