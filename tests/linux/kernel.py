"""kernel.py BZIMAGE KERNEL: the ELF file within a bzImage, unpacked here, where it takes less time
than in the guest. Not here: starting it (main.c)."""
# SPDX-License-Identifier: GPL-2.0-only

import lzma
import struct
import sys

SECTOR = 512


def unpack(image):
    """The ELF file in the bytes `image`, by the kernel's Documentation/x86/boot.rst. ValueError
    says what is wrong with them."""
    if len(image) < 0x268 or image[0x202:0x206] != b"HdrS":
        raise ValueError("no Linux kernel")
    (version,) = struct.unpack_from("<H", image, 0x206)
    if version < 0x208:
        raise ValueError(f"boot protocol {version:#x} does not say where the kernel is")
    start, length = struct.unpack_from("<II", image, 0x248)
    start += ((image[0x1F1] or 4) + 1) * SECTOR
    packed = image[start : start + length]
    if len(packed) != length:
        raise ValueError("truncated")
    unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ)
    try:
        kernel = unpacker.decompress(packed)
    except lzma.LZMAError as error:
        raise ValueError(f"no xz: {error}") from error
    if not unpacker.eof:
        raise ValueError("truncated")
    if kernel[:4] != b"\x7fELF":
        raise ValueError("no ELF file within")
    return kernel


def main():
    name, output = sys.argv[1:]
    try:
        with open(name, "rb") as file:
            kernel = unpack(file.read())
    except (OSError, ValueError) as error:
        sys.exit(f"kernel.py: {name}: {error}")
    with open(output, "wb") as file:
        file.write(kernel)


if __name__ == "__main__":
    main()
