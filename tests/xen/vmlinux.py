"""Takes the kernel proper out of a bzImage: `vmlinux.py BZIMAGE OUT`. Xen unpacks a bzImage itself, which
costs minutes in an emulated machine. Not here: any other image format."""
# SPDX-License-Identifier: GPL-2.0-only

import gzip
import lzma
import os
import struct
import sys

# Offsets in the set-up header: the x86 boot protocol of Linux, version 2.08.
SETUP_SECTORS = 0x1F1
MAGIC = 0x202
VERSION = 0x206
PAYLOAD = 0x248
SECTOR = 512

UNPACK = (
    (b"\xfd7zXZ\x00", lambda data: lzma.LZMADecompressor(lzma.FORMAT_XZ).decompress(data)),
    (b"\x1f\x8b", gzip.decompress),
)


def kernel(image):
    """The ELF file inside the bzImage `image` (bytes)."""
    if image[MAGIC : MAGIC + 4] != b"HdrS" or struct.unpack_from("<H", image, VERSION)[0] < 0x208:
        raise ValueError("not a bzImage of boot protocol 2.08 or later")
    start, length = struct.unpack_from("<II", image, PAYLOAD)
    start += (image[SETUP_SECTORS] + 1) * SECTOR
    payload = image[start : start + length]
    for magic, unpack in UNPACK:
        if payload.startswith(magic):
            return unpack(payload)
    raise ValueError("the kernel is packed with an unknown method: " + payload[:6].hex())


def main():
    source, target = sys.argv[1:]
    with open(source, "rb") as file:
        data = kernel(file.read())
    with open(target + ".partial", "wb") as file:
        file.write(data)
    os.rename(target + ".partial", target)


if __name__ == "__main__":
    main()
