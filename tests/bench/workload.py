"""The workloads: their names, what one repeat of each does, and the programs that run them.
Not here: measuring (count.py, bench.py), other interpreters' machines (peers.py)."""
# SPDX-License-Identifier: GPL-2.0-only

import os
import re
import subprocess
from dataclasses import dataclass

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
FOLDER = os.path.join(ROOT, "build", "bench")
BLOB = os.path.join(FOLDER, "blob-low")

# Status of a program on a host that does not let it do its work (native.c).
NOT_PERMITTED = 3

_TIME_LIMIT = 120  # seconds, of any one run


class BenchError(Exception):
    """Something could not be measured; the text says what."""


@dataclass(frozen=True)
class Workload:
    """`size` is the number of bytes that one repeat moves, 0 where instructions are counted.
    `native`: it needs nothing that an unprivileged program has not. `peers`: others run it too.
    `blocks`: the fewest accesses to ports that its INS and OUTS can be done with."""

    name: str
    size: int = 0
    native: bool = True
    peers: bool = True
    blocks: int = 0

    @property
    def image(self):
        """The plain image."""
        return os.path.join(FOLDER, f"{self.name}.bin")

    def medium(self, kind):
        """The rom or the floppy that holds it."""
        return os.path.join(FOLDER, f"{self.name}.{kind}")


ALL = (
    Workload("alu"),
    Workload("unreal"),
    Workload("calls", native=False),
    Workload("ckern"),
    Workload("ckern4k"),
    Workload("copy", size=50 * 60416),
    Workload("strings", size=20 * 67580),
    # Each of 20 times: 16 sectors, 4 and 2 whole pages, one piece within a page, one over three
    # pages with an element across each border.
    Workload("io", native=False, peers=False, blocks=20 * (16 + 4 + 2 + 1 + 3 + 2)),
)
BY_NAME = {workload.name: workload for workload in ALL}


def parse(text):
    """The values in a program's line `name=value name=value...`."""
    values = dict(re.findall(r"(\w+)=(\S+)", text))
    if "checksum" not in values:
        raise BenchError(f"no checksum in '{text.strip()}'")
    return values


def run_host(program, workload, repeats, wrapper=()):
    """Run `program` and return its values, or None where the host does not permit it. `wrapper` is
    put before the command line. Returns the values and what came on standard error."""
    command = [*wrapper, program, workload.image, str(repeats)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_TIME_LIMIT, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise BenchError(f"{' '.join(command)}: not done in {_TIME_LIMIT} s") from error
    if done.returncode == NOT_PERMITTED:
        return None, done.stderr
    if done.returncode != 0:
        raise BenchError(f"{' '.join(command)}: status {done.returncode}: {done.stderr.strip()}")
    return parse(done.stdout), done.stderr
