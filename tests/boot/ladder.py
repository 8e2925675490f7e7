"""The ladder: which media boot, what each must show, under which ABIs, and with what limits.
Not here: running them (check_boot.py), nor how the media are made (the recipes)."""
# SPDX-License-Identifier: GPL-2.0-only

from dataclasses import dataclass

BARE = "bare"
_MOST = ("3.2", "hypercall")
# Where the policy is compared with none: a cheap round trip, and an expensive one.
POLICY_ABIS = ("3.2", "hypercall")
_ALL = ("3.2", "3.1", "hypercall")


@dataclass(frozen=True)
class Medium:
    """One rung. `until` must be shown within `limit` million instructions of the machine, bare, and
    within `assisted_limit` under each of `abis`. `keys` is in the language of KEYS=. `memory` is the
    machine's, in MiB. `compares_policy`: also run with the policy off. `half_clock`: also run with
    half as many instructions a second, which tells waiting from working; not where that takes too
    long. `part`: it belongs to `make check`. `sample`: instructions between two looks for a halted
    processor."""

    name: str
    image: str
    shows: str
    until: str
    limit: int
    assisted_limit: int
    abis: tuple = ("3.2",)
    keys: str = ""
    memory: int = 64
    compares_policy: bool = False
    half_clock: bool = True
    part: bool = False
    sample: int = 50_000


LADDER = (
    Medium("d01", "d01-boot-sector.img", "a boot sector of ours", r"BOOTSECTOR-OK", 400, 1000, _ALL),
    Medium(
        "d17", "d17-big-real.img", "a thousand trips through big real mode", r"BIGREAL-OK",
        400, 1500, _MOST,
    ),
    Medium(
        "d02", "d02-grub-legacy.img", "GRUB Legacy from floppy", r"^grub>", 600, 3000, _ALL,
        compares_policy=True,
    ),
    Medium("d05", "d05-syslinux.img", "SYSLINUX from floppy", r"^boot:", 600, 3000, _MOST, part=True),
    Medium(
        "d05mem", "d05-syslinux.img", "SYSLINUX: memory map by meminfo.c32", r"0000000000100000x .* usable",
        1000, 5000, keys=r"^boot:=>mem\n",
    ),
    Medium("d06none", "d06-isolinux.iso", "ISOLINUX from CD", r"^boot:", 600, 3000, _MOST, part=True),
    Medium("d06menu", "d06-isolinux-menu.iso", "ISOLINUX: menu.c32", r"ISOLINUX-MENU", 600, 4000),
    Medium(
        "d03inv", "d03-grub-legacy.iso", "GRUB Legacy from CD: menu, a multiboot kernel", r"-\*-",
        600, 3000, keys=r"Press enter to boot=><down>\n",
    ),
    Medium(
        "d13", "d13-mbr-syslinux.img", "Debian's MBR, SYSLINUX on disk", r"HD-SYSLINUX-MENU", 1500, 6000,
        part=True,
    ),
    Medium(
        "d14", "d14-grub2-disk.img", "GRUB 2 from disk", r"GRUB2-HD-CORE-OK", 600, 4000, _MOST,
        compares_policy=True, part=True,
    ),
    Medium("d12", "d12-g2ldr.img", "win32-loader's g2ldr", r"grub>|GNU GRUB", 1000, 6000),
    Medium("d07raw", "d07-memdisk-raw.iso", "memdisk, raw access", r"^grub>", 800, 6000, part=True),
    Medium("d07int", "d07-memdisk-int.iso", "memdisk, by INT 15h/87h", r"^grub>", 800, 6000),
    Medium("d07bigraw", "d07-memdisk-bigraw.iso", "memdisk, big real mode", r"^grub>", 800, 6000),
    Medium(
        "d09", "d09-ipxe.img", "iPXE by SYSLINUX from floppy", r"iPXE initialising devices", 800, 4000,
        _MOST,
    ),
    Medium("d15", "d15-grub-rescue.img", "GRUB 2's rescue floppy: menu", r"GNU/Linux", 600, 4000, _MOST),
    Medium(
        "d04", "d04-grub2.iso", "GRUB 2 from CD", r"^GRUB2-DONE", 1500, 8000,
        compares_policy=True, part=True,
    ),
    Medium("d04vbe", "d04-grub2-vbe.iso", "GRUB 2: VBE modes", r"^VBE-DONE", 1500, 10000),
    Medium(
        "d16", "d16-linux.iso", "Linux 6.1 i386 and a user space of one program", r"^TINY-INIT-OK",
        20_000, 60_000, half_clock=False, sample=500_000,
    ),
)  # fmt: skip

# A target of its own: bare it takes 14.7 G instructions, which is half an hour of the guest's time.
INSTALLER = (
    Medium(
        "d11", "d11-debian-installer.iso", "the Debian 12 installer, to its first question",
        r"^Prompt: ", 30_000, 60_000, memory=770, half_clock=False, sample=1_000_000,
    ),
)  # fmt: skip
