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
# Fields of the blob's that are none.
_NOT_COUNTS = (
    "magic",
    "version",
    "refused_rule",
    "refused_address",
    "report_wanted",
    "reserved",
)


def read(bochs, memory):
    """The counts by name, as the log has them at the end of a run, of a machine with `memory` MiB;
    None when no testvisor has started there."""
    header, block, _ = _testvisor(bochs, memory)
    if block is None:
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
    blob = _blob(bochs, block["blob_statistics"], memory)
    for name in _NOT_COUNTS:
        blob.pop(name, None)
    counts.update((f"blob {name}", value) for name, value in blob.items())
    return counts


def requests(bochs, memory):
    """Addresses of the words that ask for a report and the end: first the blob's, for a guest that is
    interpreted, then the testvisor's, for one that runs natively. Empty: nobody is there to ask."""
    header, block, address = _testvisor(bochs, memory)
    if block is None:
        return []
    own = address + header.structure("testvisor_statistics").offset("asked_to_end")
    layout = Header(_BLOB_HEADER).structure("hvmassist_statistics")
    if not _blob(bochs, block["blob_statistics"], memory):
        return [own]
    return [block["blob_statistics"] + layout.offset("report_wanted"), own]


def _testvisor(bochs, memory):
    """Header, fields and address of the testvisor's block; fields None when it is not there."""
    header = Header(_TESTVISOR_HEADER)
    layout = header.structure("testvisor_statistics")
    address = (memory - _TESTVISOR_MEMORY) * _MEBIBYTE
    address += header.constants["TESTVISOR_STATISTICS_OFFSET"]
    block = layout.unpack(bochs.read_physical(address, layout.size))
    if block["magic"] != header.constants["TESTVISOR_STATISTICS_MAGIC"]:
        block = None
    return header, block, address


def _blob(bochs, address, memory):
    """Fields of the blob's block; none when it is not there."""
    header = Header(_BLOB_HEADER)
    layout = header.structure("hvmassist_statistics")
    if address == 0 or address % 4 or address + layout.size > memory * _MEBIBYTE:
        return {}
    block = layout.unpack(bochs.read_physical(address, layout.size))
    if block["magic"] != header.constants["HVMASSIST_STATISTICS_MAGIC"]:
        return {}
    return block
