"""What a boot that failed leaves for a person: failure.txt, in one piece and in order of use.
Not here: the run (tests/run/session.py), nor what testvisor and blob log at its end."""
# SPDX-License-Identifier: GPL-2.0-only

import dataclasses
import os
import re

import arguments
import report
import session
import testvisor_log

_REFUSAL = "blob not enterable: "
_INSTRUCTIONS = 200
# The second run records each interpreted instruction, which takes the blob longer.
_RECORDED_LIMIT = 2
_LAST = re.compile(r"^last (\w+) (\d+) (\w+) (.*)$")


def explain(plan, outcome, folder, ring_rom):
    """Write failure.txt into `folder` for a run of `plan` that ended with `outcome`. An assisted run
    is done again with `ring_rom`, whose blob keeps the last interpreted instructions."""
    sections = [("how it ended", _ending(plan, outcome)), ("screen", _screen(outcome))]
    if plan.testvisor_memory:
        again = _again(plan, folder, ring_rom)
        log = testvisor_log.parse(again.log.decode("latin-1"))
        sections += [
            ("the second run, with instructions recorded", _ending(plan, again)),
            ("the guest", _guest(log)),
            ("why protected mode was not enterable, the last time", _refusal(log)),
            ("the last hand-offs, oldest first", _handoffs(log)),
            ("the last interpreted instructions", _instructions(again, folder)),
        ]
    if outcome.state:
        sections.append(("processor, as Bochs saw it last", outcome.state))
    with open(os.path.join(folder, "failure.txt"), "w", encoding="utf-8") as file:
        for title, text in sections:
            file.write(f"===== {title} " + "=" * max(0, 90 - len(title)) + f"\n{text}\n\n")


def _again(plan, folder, ring_rom):
    machine = dataclasses.replace(plan.machine, rom=ring_rom)
    recorded = dataclasses.replace(
        plan, machine=machine, limit=plan.limit * _RECORDED_LIMIT, explain=True, sample=None
    )
    again = session.run(recorded, os.path.join(folder, "recorded"))
    with open(os.path.join(folder, "recorded.log"), "wb") as file:
        file.write(again.log)
    return again


def _ending(plan, outcome):
    text = outcome.ending + (f" ({outcome.detail})" if outcome.detail else "")
    if plan.until and outcome.ending != session.REACHED:
        text += f"; '{plan.until.pattern}' was not shown"
    if outcome.untyped:
        text += f"; {outcome.untyped} step(s) of keys were not typed"
    return f"{text}; {outcome.tick:,} instructions"


def _screen(outcome):
    return outcome.display.text() if outcome.display else "(Bochs ended before the first look)"


def _guest(log):
    """What blob and testvisor say about it: the log from the end's first line on."""
    lines = log.other
    first = next(
        (n for n, line in enumerate(lines) if re.match(r"hvmassist: (?!\d)|testvisor: end=", line)),
        max(len(lines) - 60, 0),
    )
    return "\n".join(lines[first:]) or "(nothing in the log)"


def _refusal(log):
    lines = [line for line in log.other if line.startswith(_REFUSAL)]
    return lines[-1].removeprefix(_REFUSAL) if lines else "it always was"


def _handoffs(log):
    """A table for each, every hidden part in it."""
    text = []
    for line in log.last:
        match = _LAST.match(line)
        if not match:
            continue
        direction, number, part, values = match.groups()
        if part == "state":
            text.append(f"{direction} {number}")
        text.append(f"    {part:5} {values}")
    return "\n".join(text) or "(none)"


def _instructions(outcome, folder):
    report.disassemble(outcome, folder, arguments.ROOT)
    with open(os.path.join(folder, "trace.txt"), encoding="utf-8", errors="replace") as file:
        lines = file.read().splitlines()
    return "\n".join(lines[-_INSTRUCTIONS:]) or "(none)"
