"""What `make check` runs beyond the unit tests: boot media and guest programs, under which ABIs.
Not here: how a check is done (kinds.py), nor in what order they run (check.py)."""
# SPDX-License-Identifier: GPL-2.0-only

import arguments

# Medium, what its screen, COM1 or port 0xE9 must show, and within how many million instructions.
BOOT = (
    ("d01-boot-sector.img", r"BOOTSECTOR-OK", 1000),
    ("d17-big-real.img", r"BIGREAL-OK", 1000),
    ("d02-grub-legacy.img", r"^grub>", 2000),
    ("d03-grub-legacy.iso", r"Press enter to boot", 2000),
)
BOOT_ABIS = arguments.ABIS

# Guest programs run bare, and under each of these with the policy off, so that whatever can run
# natively does; the output must be the same, byte for byte.
COMPARE_ABIS = arguments.ASSISTED
# Those that are not interpreted throughout run with the policy on as well, under this one.
COMPARE_POLICY_ABI = "hypercall"  # whose round trips cost most, so that most stay
# Not where the hypervisor imitated cannot run them: Xen 3.1 has no task switches.
COMPARE_NOT = {"tasks": ("3.1",)}
COMPARE_LIMIT = 4000  # million instructions

# Test modules of the runner's and the driver's own rules.
PYTHON_TESTS = ("tests/run", "tests/check", "tests/bench", "tests/boot", "tests/linux", "tests/vectors")
