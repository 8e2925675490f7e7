"""The counters of the testvisor and of the blob, read from the memory of a machine that stands still.
Not here: their layout, which the two C headers declare, nor printing them (report.py)."""
# SPDX-License-Identifier: GPL-2.0-only

import os

from structure import Header

_ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
_TESTVISOR_HEADER = os.path.join(_ROOT, "tests", "testvisor", "statistics.h")
_BLOB_HEADER = os.path.join(_ROOT, "include", "hvmassist", "statistics.h")
_MEBIBYTE = 1 << 20
_TESTVISOR_MEMORY = 2  # MiB below the end of memory where the testvisor lives


def read(bochs, memory):
    """Both blocks as {"testvisor": fields, "blob": fields or None} of a machine with `memory` MiB;
    None when no testvisor has started there."""
    header = Header(_TESTVISOR_HEADER)
    layout = header.structure("testvisor_statistics")
    address = (memory - _TESTVISOR_MEMORY) * _MEBIBYTE
    address += header.constants["TESTVISOR_STATISTICS_OFFSET"]
    fields = layout.unpack(bochs.read_physical(address, layout.size))
    if fields["magic"] != header.constants["TESTVISOR_STATISTICS_MAGIC"]:
        return None
    return {"testvisor": fields, "blob": _read_blob(bochs, fields["blob_statistics"], memory)}


def _read_blob(bochs, address, memory):
    header = Header(_BLOB_HEADER)
    layout = header.structure("hvmassist_statistics")
    if address == 0 or address % 4 or address + layout.size > memory * _MEBIBYTE:
        return None
    fields = layout.unpack(bochs.read_physical(address, layout.size))
    if fields["magic"] != header.constants["HVMASSIST_STATISTICS_MAGIC"]:
        return None
    return fields


def end_reasons():
    """Names of the testvisor's end reasons by number."""
    return Header(_TESTVISOR_HEADER).enumeration("testvisor_end")
