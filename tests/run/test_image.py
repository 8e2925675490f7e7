"""Tests of telling media apart by content.
Not here: booting them."""
# SPDX-License-Identifier: GPL-2.0-only

import os
import tempfile
import unittest

import image

SIGNATURE = b"\x55\xaa"


def sector(**parts):
    """A first sector with a boot signature and `parts`: bytes by offset, as at_OFFSET=bytes."""
    data = bytearray(512)
    data[510:] = SIGNATURE
    for name, value in parts.items():
        offset = int(name.removeprefix("at_"))
        data[offset : offset + len(value)] = value
    return bytes(data)


def partition(status=0x80, kind=6, first=63, count=1000):
    """One entry of a partition table."""
    lba = first.to_bytes(4, "little") + count.to_bytes(4, "little")
    return bytes([status, 1, 1, 0, kind, 0, 0, 0]) + lba


def cd(*descriptors):
    """A CD image with these volume descriptors."""
    blocks = b"".join(descriptor.ljust(2048, b"\0") for descriptor in descriptors)
    return bytes(16 * 2048) + blocks + bytes(2048)


PRIMARY = b"\x01CD001\x01"
BOOT_RECORD = b"\x00CD001\x01EL TORITO SPECIFICATION"
TERMINATOR = b"\xffCD001\x01"


class Identify(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)

    def medium(self, data, size=None, drive=None):
        path = os.path.join(self._folder.name, "image")
        with open(path, "wb") as file:
            file.write(data)
            file.truncate(size or len(data))
        return image.identify(path, drive)

    def refused(self, data, words, **arguments):
        with self.assertRaisesRegex(image.ImageError, words):
            self.medium(data, **arguments)

    def test_every_floppy_size(self):
        for size, name in image.FLOPPY_FORMATS.items():
            with self.subTest(name):
                medium = self.medium(sector(), size)
                self.assertEqual((medium.drive, medium.floppy_format), ("floppy", name))

    def test_short_floppy_is_padded(self):
        self.assertEqual(self.medium(sector()).size, 1440 * 1024)
        self.assertEqual(self.medium(sector(), 2_000_000).size, 2880 * 1024)

    def test_fat_parameter_block_tells_the_size_of_a_short_floppy(self):
        data = sector(at_19=(1440).to_bytes(2, "little"))
        self.assertEqual(self.medium(data, 600_000).floppy_format, "720k")

    def test_parameter_block_smaller_than_the_image_is_not_believed(self):
        data = sector(at_19=(320).to_bytes(2, "little"))
        self.assertEqual(self.medium(data, 600_000).floppy_format, "1_44")

    def test_small_disk_with_partitions(self):
        self.assertEqual(self.medium(sector(at_446=partition()), 1_000_000).drive, "disk")

    def test_senseless_partition_table_is_a_floppy(self):
        for entry in (partition(status=0x12), partition(kind=0), partition(first=10**6)):
            with self.subTest(entry=entry):
                self.assertEqual(self.medium(sector(at_446=entry), 1_000_000).drive, "floppy")

    def test_floppy_size_wins_over_a_partition_table(self):
        self.assertEqual(self.medium(sector(at_446=partition()), 1440 * 1024).drive, "floppy")

    def test_disk_without_partitions(self):
        self.assertEqual(self.medium(sector(), 10_000_000).drive, "disk")

    def test_cd(self):
        self.assertEqual(self.medium(cd(PRIMARY, BOOT_RECORD, TERMINATOR)).drive, "cd")

    def test_boot_record_need_not_come_second(self):
        self.assertEqual(self.medium(cd(PRIMARY, PRIMARY, BOOT_RECORD, TERMINATOR)).drive, "cd")

    def test_hybrid_is_a_cd_unless_told_otherwise(self):
        data = sector(at_446=partition()) + cd(PRIMARY, BOOT_RECORD, TERMINATOR)[512:]
        self.assertEqual(self.medium(data).drive, "cd")
        self.assertEqual(self.medium(data, drive="disk").drive, "disk")

    def test_cd_without_boot_record(self):
        self.refused(cd(PRIMARY, TERMINATOR, BOOT_RECORD), "no El Torito")

    def test_cd_without_boot_record_but_boot_sector_is_a_disk(self):
        data = sector() + cd(PRIMARY, TERMINATOR)[512:]
        self.assertEqual(self.medium(data, 4_000_000).drive, "disk")

    def test_empty(self):
        self.refused(b"", "is empty")

    def test_shorter_than_a_sector(self):
        self.refused(b"x" * 100, "shorter than one sector")

    def test_no_signature(self):
        self.refused(bytes(1440 * 1024), "no bootable")

    def test_containers(self):
        for magic in image.CONTAINERS:
            with self.subTest(magic):
                self.refused(magic + bytes(1024), "a raw image is wanted")

    def test_large_image_is_no_floppy(self):
        self.refused(sector(), "more than a floppy", size=4_000_000, drive="floppy")

    def test_disk_is_no_cd(self):
        self.refused(sector(), "no El Torito", size=4_000_000, drive="cd")

    def test_missing_and_folder(self):
        with self.assertRaisesRegex(image.ImageError, "No such file"):
            image.identify("/nonexistent/image")
        with self.assertRaisesRegex(image.ImageError, "is a folder"):
            image.identify(self._folder.name)
