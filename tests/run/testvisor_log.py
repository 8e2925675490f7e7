"""Takes the testvisor's log apart: recorded hand-offs, counts, the end it reports, trace records.
Not here: what the testvisor writes and when (tests/testvisor), nor printing it (report.py)."""
# SPDX-License-Identifier: GPL-2.0-only

import re
from dataclasses import dataclass, field

SEGMENTS = ("CS", "DS", "ES", "SS", "FS", "GS", "TR", "LDTR")
TRACE_PREFIX = "T "

_RECORD = re.compile(r"^handoff (\w+) (\d+) (\w+) (.*)$")
_VALUE = re.compile(r"(\w+)=([0-9a-f]+)")
_LAST_PREFIX = "last "
_COUNT = re.compile(r"^count (.+) (\d+)$")
_BLOB = re.compile(r"^testvisor: .*\bblob=([0-9a-f]+)")
_BLOB_SIZE = 0x19000  # image and memory of either layout
_END = re.compile(r"^testvisor: end=(\w+): (.*)$")


@dataclass
class HandOff:
    """One recorded world switch. `direction` is the ABI's word for it, `number` counts per
    direction from 1, `parts` maps "state", the segments and tables to their values by name."""

    direction: str
    number: int
    parts: dict = field(default_factory=dict)


@dataclass
class Log:
    """`handoffs` are the guest's: switches that the blob makes for itself are left out. `end` is (name,
    detail) once the testvisor has ended the run itself; `counts` by name, in the
    log's order, empty before such an end; `last` the lines about the last hand-offs before a crash;
    `other` the lines that are none of these."""

    handoffs: list
    counts: dict
    end: tuple | None
    last: list
    other: list
    trace: list


def parse(text):
    """Return the Log in `text`."""
    log = Log([], {}, None, [], [], [])
    records = {}
    for line in text.splitlines():
        if line.startswith(TRACE_PREFIX):
            log.trace.append(line)
        elif line.startswith(_LAST_PREFIX):
            log.last.append(line)
        elif match := _RECORD.match(line):
            direction, number, part, values = match.groups()
            key = (direction, int(number))
            if key not in records:
                records[key] = HandOff(*key)
                log.handoffs.append(records[key])
            numbers = {name: int(value, 16) for name, value in _VALUE.findall(values)}
            records[key].parts[part] = numbers
        elif match := _COUNT.match(line):
            log.counts[match.group(1)] = int(match.group(2))
        else:
            if match := _END.match(line):
                log.end = match.groups()
            log.other.append(line)
    log.handoffs = [record for record in log.handoffs if not _own(record, log.other)]
    return log


def _own(record, lines):
    """True for a switch from the blob, or into it: EIP lies in the blob."""
    base = next((int(match.group(1), 16) for line in lines if (match := _BLOB.match(line))), None)
    eip = record.parts.get("state", {}).get("eip")
    return base is not None and eip is not None and base <= eip < base + _BLOB_SIZE
