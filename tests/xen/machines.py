"""The emulated machines: QEMU's interpreter with SVM, and Bochs as an Intel processor without unrestricted guest.
Each has command(): what to run; the folder is the run's own. Not here: following what it prints (lab.py)."""
# SPDX-License-Identifier: GPL-2.0-only

import os
import re
import shutil
import struct
import subprocess
from dataclasses import dataclass

MEGABYTES = 1024
# Files in the folder of the run: what Xen writes to COM1, and dom0 to COM2.
XEN, DOM0 = "xen.txt", "dom0.txt"


@dataclass(frozen=True)
class Parts:
    """What is booted: paths, and command lines."""

    xen: str
    xen_options: str
    kernel: str
    kernel_options: str
    initramfs: str


class Qemu:
    """An AMD machine: real mode runs natively, hap=1."""

    name = "qemu"
    # SMAP kills dom0 there, SMEP confuses it, and MONITOR makes Xen panic.
    PROCESSOR = "EPYC,-smap,-smep,-monitor"
    # Time is the instructions executed, 16 ns each. Only for guests that take no interrupts: QEMU then
    # delivers each one twice that Xen injects.
    COUNTING = ("-icount", "shift=4,sleep=off")

    def __init__(self, processors=1, count=False):
        self.processors = processors
        self.count = count

    def command(self, parts, folder):
        modules = f"{parts.kernel} {parts.kernel_options},{parts.initramfs}"
        return [
            "qemu-system-x86_64",
            *("-accel", "tcg", "-machine", "pc", "-cpu", self.PROCESSOR, "-m", str(MEGABYTES)),
            *(self.COUNTING if self.count else ()),
            *("-smp", str(self.processors), "-display", "none", "-vga", "none", "-nodefaults"),
            *("-no-reboot", "-monitor", "none"),
            *("-serial", f"file:{folder}/{XEN}", "-serial", f"file:{folder}/{DOM0}"),
            *("-kernel", parts.xen, "-append", parts.xen_options, "-initrd", modules),
        ]


class Bochs:
    """An Intel machine with EPT and without unrestricted guest. `breakpoint`: a linear address; the first
    STOPS times that anything is executed there are in the debugger's output."""

    name = "bochs"
    STOPS = 20
    SECTOR = 512
    PARTITION = 2048  # its first sector
    BOOT_CODE = 440
    CONFIGURATION = """\
config_interface: textconfig
display_library: rfb, options="timeout=0"
romimage: file=/usr/share/bochs/BIOS-bochs-latest, options=fastboot
vgaromimage: file=/usr/share/vgabios/vgabios.bin
cpu: model=corei5_lynnfield_750, count=1, ips=50000000, reset_on_triple_fault=0, ignore_bad_msrs=1
memory: guest={megabytes}, host={megabytes}
clock: sync=none, time0=utc
pci: enabled=1, chipset=i440fx
vga: extension=vbe, update_freq=1
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=disk, path={folder}/disk, mode=flat
boot: disk
com1: enabled=1, mode=file, dev={folder}/{xen}
com2: enabled=1, mode=file, dev={folder}/{dom0}
log: {folder}/bochs.log
panic: action=fatal
error: action=report
info: action=report
debug: action=ignore
sound: waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy
speaker: enabled=1, mode=none
"""
    # `multiboot2` ends in a crash there.
    LOADER = """\
set root=(hd0,msdos1)
multiboot /xen placeholder {xen_options}
module --nounzip /kernel placeholder {kernel_options}
module --nounzip /initramfs
boot
"""

    def __init__(self, breakpoint=None):
        self.breakpoint = breakpoint

    def command(self, parts, folder):
        self._make_disk(parts, folder)
        with open(os.path.join(folder, "bochsrc"), "w", encoding="ascii") as file:
            file.write(self.CONFIGURATION.format(folder=folder, megabytes=MEGABYTES, xen=XEN, dom0=DOM0))
        with open(os.path.join(folder, "commands"), "w", encoding="ascii") as file:
            if self.breakpoint is not None:
                file.write(f"lb {self.breakpoint:#x}\n" + "c\n" * self.STOPS + "d 1\n")
            file.write("c\n")
        return ["bochs-bin", "-q", "-f", f"{folder}/bochsrc", "-rc", f"{folder}/commands"]

    def _make_disk(self, parts, folder):
        """One ext2 partition, started by GRUB's own boot sector and core image."""
        tree = os.path.join(folder, "tree")
        os.mkdir(tree)
        for name, path in (("xen", parts.xen), ("kernel", parts.kernel), ("initramfs", parts.initramfs)):
            shutil.copyfile(path, os.path.join(tree, name))
        megabytes = sum(os.path.getsize(os.path.join(tree, name)) for name in os.listdir(tree)) // 2**20 + 8
        with open(os.path.join(folder, "loader.cfg"), "w", encoding="ascii") as file:
            file.write(self.LOADER.format(xen_options=parts.xen_options, kernel_options=parts.kernel_options))
        partition, core = os.path.join(folder, "partition"), os.path.join(folder, "core")
        with open(partition, "wb") as file:
            file.truncate(megabytes * 2**20)
        _run("/sbin/mke2fs", "-q", "-t", "ext2", "-b", "4096", "-m", "0", "-N", "64", "-d", tree, partition)
        _run(
            *("grub-mkimage", "-O", "i386-pc", "-c", os.path.join(folder, "loader.cfg"), "-p", "/"),
            *("-o", core, "biosdisk", "part_msdos", "ext2", "multiboot"),
        )
        shutil.rmtree(tree)
        sectors = megabytes * 2**20 // self.SECTOR
        with open(os.path.join(folder, "disk"), "wb") as disk:
            with open("/usr/lib/grub/i386-pc/boot.img", "rb") as file:
                disk.write(file.read(self.BOOT_CODE))
            disk.seek(446)
            # Active, Linux; the old addresses say that they are too large.
            entry = struct.pack("<BBBBBBBBII", 0x80, 0xFE, 0xFF, 0xFF, 0x83, 0xFE, 0xFF, 0xFF, self.PARTITION, sectors)
            disk.write(entry + bytes(48) + b"\x55\xaa")
            for start, path in ((1, core), (self.PARTITION, partition)):
                disk.seek(start * self.SECTOR)
                with open(path, "rb") as file:
                    shutil.copyfileobj(file, disk)
        os.remove(partition)


def _run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def symbol(path, program, name):
    """The address of a symbol in `path`, an ELF file with the symbols of `program`."""
    notes = _output("readelf", "--notes", path)
    build = re.search(r"Build ID: ([0-9a-f]+)", notes)
    with open(program, "rb") as file:
        if build is None or bytes.fromhex(build[1]) not in file.read():
            raise LookupError(f"{path}: not of this build of Xen")
    found = re.findall(r"^([0-9a-f]+) \w %s$" % re.escape(name), _output("nm", path), re.MULTILINE)
    if len(found) != 1:
        raise LookupError(f"{path}: {len(found)} symbols {name}")
    return int(found[0], 16)


def _output(*command):
    return subprocess.run(command, check=True, capture_output=True, encoding="ascii").stdout
