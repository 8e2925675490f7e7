"""The counters of testvisor and blob, read from the memory of a machine that stands still.
Not here: their layout (the C headers), nor the counts in the log (testvisor_log.py)."""
# SPDX-License-Identifier: GPL-2.0-only

import os

from structure import Header

_ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
_TESTVISOR_HEADER = os.path.join(_ROOT, "tests", "testvisor", "statistics.h")
_EXIT_HEADER = os.path.join(_ROOT, "tests", "testvisor", "vmcs.h")
_BLOB_HEADER = os.path.join(_ROOT, "include", "hvmassist", "statistics.h")
_MEBIBYTE = 1 << 20
_TESTVISOR_MEMORY = 2  # MiB below the end of memory where the testvisor lives

# The ABI's words for the two directions.
_DIRECTIONS = {
    "TESTVISOR_ABI_3_2": ("INVOKE", "RESTORE"),
    "TESTVISOR_ABI_3_1": ("INVOKE", "RESTORE"),
    "TESTVISOR_ABI_HYPERCALL": ("RETURNED", "ENTER"),
}
# Fields that are counts under their own names.
_PLAIN_COUNTS = (
    "nested_into_blob",
    "registered",
    "refused",
    "interrupts",
    "held_interrupts",
    "events_resumed",
    "resets",
    "guest_ticks",
    "blob_ticks",
)


def read(bochs, memory):
    """The counts by name, as the log has them at the end of a run, of a machine with `memory` MiB;
    None when no testvisor has started there."""
    header = Header(_TESTVISOR_HEADER)
    layout = header.structure("testvisor_statistics")
    address = (memory - _TESTVISOR_MEMORY) * _MEBIBYTE
    address += header.constants["TESTVISOR_STATISTICS_OFFSET"]
    block = layout.unpack(bochs.read_physical(address, layout.size))
    if block["magic"] != header.constants["TESTVISOR_STATISTICS_MAGIC"]:
        return None
    abi = header.enumeration("testvisor_abi").get(block["abi"])
    into_blob, into_guest = _DIRECTIONS.get(abi, ("into_blob", "into_guest"))
    counts = {into_blob: block["into_blob"], into_guest: block["into_guest"]}
    counts.update((name, block[name]) for name in _PLAIN_COUNTS)
    counts["exits"] = block["exit_count"]
    reasons = Header(_EXIT_HEADER).enumeration("exit_reason")
    for reason, count in enumerate(block["exits"]):
        if count:
            name = reasons.get(reason, f"EXIT_{reason}").removeprefix("EXIT_")
            counts[f"exit {name}"] = count
    for name, value in _read_blob(bochs, block["blob_statistics"], memory).items():
        counts[f"blob {name}"] = value
    return counts


def _read_blob(bochs, address, memory):
    header = Header(_BLOB_HEADER)
    layout = header.structure("hvmassist_statistics")
    if address == 0 or address % 4 or address + layout.size > memory * _MEBIBYTE:
        return {}
    block = layout.unpack(bochs.read_physical(address, layout.size))
    if block.pop("magic") != header.constants["HVMASSIST_STATISTICS_MAGIC"]:
        return {}
    del block["version"]
    return block
