"""What the interpreter is to reach against its peers, and whether it does.
Not here: measuring (bench.py)."""
# SPDX-License-Identifier: GPL-2.0-only

from dataclasses import dataclass

# Workload, peer, how many times its speed. The goals are against a Bochs built without its debugger.
LEAST = (
    ("alu", "x86emu", 12.0),
    ("alu", "native", 0.35),
    ("unreal", "x86emu", 19.0),
    ("calls", "x86emu", 6.0),
    ("calls", "qemu", 1.1),
    ("ckern", "x86emu", 18.0),
    ("ckern", "qemu", 3.0),
    ("copy", "native", 0.5),
)
GOALS = (
    ("alu", "bochs", 1.25),
    ("unreal", "bochs", 1.25),
    ("calls", "bochs", 2.0),
    ("ckern", "bochs", 1.25),
    ("copy", "native", 0.8),
)
# Not in the tables: INS and OUTS, with one block (one REP of the processor) for a run of elements
# within a page.


@dataclass(frozen=True)
class Verdict:
    """One row: what it is about, `wanted` and `measured` as text, `reached` None where a peer was
    not there."""

    kind: str
    subject: str
    wanted: str
    measured: str
    reached: bool | None


def judge(ratios, io_counts):
    """All rows. `ratios` maps (workload, peer) to ours divided by the peer's; `io_counts` is the
    (blocks, least possible blocks) of INS and OUTS, or None."""
    rows = []
    for kind, table in (("at least", LEAST), ("goal", GOALS)):
        for workload, peer, wanted in table:
            ratio = ratios.get((workload, peer))
            measured = "not measured" if ratio is None else f"{ratio:.2f}x"
            reached = None if ratio is None else ratio >= wanted
            rows.append(Verdict(kind, f"{workload} / {peer}", f"{wanted:.2f}x", measured, reached))
    if io_counts:
        made, possible = io_counts
        rows.append(
            Verdict(
                "at least",
                "REP INS/OUTS",
                f"{possible} blocks",
                f"{made} blocks",
                made <= possible,
            )
        )
    return rows
