"""One run of a guest: step it, watch what it shows, type, and say how it ended.
Not here: the command line (run.py), Bochs (debugger.py), printing the outcome (report.py)."""
# SPDX-License-Identifier: GPL-2.0-only

import os
import re
import time
from dataclasses import dataclass

import machine
import screen
import statistics_block
import testvisor_log
from debugger import Bochs, BochsError
from rfb import RfbClient, RfbError

# Instructions between two looks at the guest: a look costs as much as a quarter of a million of
# them.
STEP = 2_000_000
LONG_STEP = 10_000_000
_KEY_TIME = 0.1  # seconds of guest time that a key is down, and then up
_SETTLED = 5  # a screen that has not changed for this many seconds of guest time is at rest

_REPORT_TIME = 4  # seconds of guest time that the blob, and then the testvisor, has for a report

_SAMPLE_MOST = 10  # how many times as long as asked for a sample gets
_STATE_LINES = 40  # of a processor's state in Bochs' log, at most

# How a run can end. The first two are what a caller may have wanted.
REACHED = "reached"
LIMIT = "the limit was reached"
SHUTDOWN = "the guest shut the machine down"
HALTED = "halted with interrupts off"
TRIPLE_FAULT = "triple fault of the guest"
ENDED = "ended by the testvisor"
HOST_FAULT = "triple fault of the testvisor itself"
STOPPED = "Bochs stopped"


@dataclass(frozen=True)
class Plan:
    """What to run. `until` ends the run when screen, COM1 or port 0xE9 shows it; `limit` in
    instructions; `keys` are keys.Steps; `picture` wants pictures of graphics modes too;
    `testvisor_memory` is the machine's size in MiB when a testvisor runs in it, else None; `step`
    is how often to look, in instructions; `kept` is (address, bytes) of physical memory that is
    wanted from the end of the run, or None; with `explain`, a run that reaches its limit ends with
    the testvisor's report in its log; `sample` is how often to see whether the processor halts
    (None: never) while it has just done so, which gives Outcome.halted to about half of it for each
    halt; while it has not, the samples get longer, up to ten times that."""

    machine: machine.Machine
    until: re.Pattern | None
    limit: int
    keys: tuple = ()
    picture: bool = False
    testvisor_memory: int | None = None
    step: int = STEP
    kept: tuple | None = None
    sample: int | None = None
    explain: bool = False


@dataclass
class Outcome:
    """What a run left. `detail` explains `ending` where there is more to say; `tick` in
    instructions, `seconds` of the host's time; com1, e9 and log are bytes; `picture` is what
    Bochs drew, if asked for; `state` is the processor as Bochs saw it last; `statistics` (None:
    no testvisor, or it could not be asked any more) comes from statistics_block.read; `kept` is the
    memory that the plan wanted, None when it could not be read any more; `halted` are the
    instructions' worth of time that the processor spent in HLT, if the plan samples it."""

    ending: str = LIMIT
    detail: str = ""
    tick: int = 0
    halted: int = 0
    seconds: float = 0.0
    display: screen.Screen | None = None
    picture: object = None
    com1: bytes = b""
    e9: bytes = b""
    log: bytes = b""
    state: str = ""
    statistics: dict | None = None
    untyped: int = 0
    kept: bytes | None = None


def run(plan, folder, progress=None, observe=None):
    """Run `plan` with `folder` (emptied first) as scratch space and return the Outcome.
    `progress` is called after each step with the Outcome so far, `observe` at each look with the
    Bochs, which stands still, and the Outcome so far. Raises BochsError, OSError."""
    machine.empty_folder(folder)
    machine.prepare(plan.machine, folder)
    try:
        return _Session(plan, folder, progress, observe).run()
    finally:
        machine.clean(folder)


class _Session:
    def __init__(self, plan, folder, progress, observe):
        self._plan = plan
        self._folder = folder
        self._progress = progress
        self._observe = observe
        self._outcome = Outcome()
        self._typist = _Typist(plan.keys, plan.machine.second)
        self._client = None
        self._sample = plan.sample
        self._com1 = _Tail(folder, machine.COM1_FILE)
        self._log = _Tail(folder, machine.LOG_FILE)

    def run(self):
        started = time.monotonic()
        outcome = self._outcome
        with Bochs(self._folder) as bochs:
            if self._plan.keys or self._plan.picture:
                self._connect(bochs)
            try:
                while not self._over(bochs):
                    outcome.seconds = time.monotonic() - started
                    if self._progress:
                        self._progress(outcome)
            finally:
                if self._client:
                    self._client.close()
        outcome.seconds = time.monotonic() - started
        outcome.untyped = self._typist.remaining()
        return outcome

    def _connect(self, bochs):
        try:
            self._client = RfbClient(bochs.process_id)
        except (OSError, RfbError) as error:
            raise BochsError(f"cannot reach Bochs' display: {error}") from error

    def _over(self, bochs):
        """Do one step; say whether it was the last."""
        outcome = self._outcome
        ticks = self._typist.pause() or self._plan.step
        stop = self._advance(bochs, min(ticks, self._plan.limit - outcome.tick))
        outcome.com1 += self._com1.more()
        if stop.ended:
            outcome.log = self._log.more()
            self._explain_end(bochs)
            return True
        outcome.display = screen.look(bochs)
        if self._observe:
            self._observe(bochs, outcome)
        ending = self._ending(stop)
        if ending:
            outcome.ending = ending
            self._take_leave(bochs)
            return True
        self._typist.look(outcome, self._client)
        return False

    def _advance(self, bochs, ticks):
        """Run for about `ticks` and return the last Stop; count how long the processor halted."""
        outcome = self._outcome
        end = outcome.tick + ticks
        while True:
            length = min(self._sample or ticks, end - outcome.tick)
            stop = bochs.step(length)
            outcome.tick = stop.tick
            outcome.e9 += stop.e9
            self._count_halt(stop, length)
            if stop.ended or stop.halted or stop.tick >= end:
                return stop

    def _count_halt(self, stop, length):
        """A stop that came late fell into a halt, which began somewhere in the sample before it."""
        if self._plan.sample is None:
            return
        if stop.late:
            self._outcome.halted += stop.late + length // 2
            self._sample = self._plan.sample
        else:
            self._sample = min(2 * self._sample, _SAMPLE_MOST * self._plan.sample)

    def _ending(self, stop):
        if self._shown():
            return REACHED
        if stop.halted:
            return HALTED
        if stop.tick >= self._plan.limit:
            return LIMIT
        return None

    def _shown(self):
        until = self._plan.until
        return until is not None and any(until.search(text) for text in texts(self._outcome))

    def _take_leave(self, bochs):
        """The last questions to a machine that still exists."""
        outcome = self._outcome
        outcome.log = self._log.more()
        outcome.state = "\n".join(bochs.command(name).rstrip() for name in ("r", "sreg", "creg"))
        if self._plan.testvisor_memory:
            outcome.statistics = statistics_block.read(bochs, self._plan.testvisor_memory)
        if self._plan.kept:
            outcome.kept = bochs.read_physical(*self._plan.kept)
        if outcome.display.graphics and self._client:
            outcome.picture = self._client.picture(*outcome.display.graphics)
        if self._plan.explain and outcome.ending == LIMIT and self._plan.testvisor_memory:
            self._ask_for_report(bochs)

    def _ask_for_report(self, bochs):
        """Have whoever runs the guest end it with a report in the log."""
        for address in statistics_block.requests(bochs, self._plan.testvisor_memory):
            bochs.write_physical(address, 1)
            end = bochs.tick + _REPORT_TIME * self._plan.machine.second
            while bochs.tick < end:
                if bochs.step(end - bochs.tick).ended:
                    self._outcome.log += self._log.more()
                    return

    def _explain_end(self, bochs):
        """Bochs has gone: its messages, its log and the testvisor's say why."""
        bochs.close()
        outcome = self._outcome
        messages = bochs.messages()
        ended = testvisor_log.parse(outcome.log.decode("latin-1")).end
        if ended and ended[0] != "shutdown":
            outcome.ending = TRIPLE_FAULT if ended[0] == "triple_fault" else ENDED
            outcome.detail = ": ".join(ended)
        elif "Shutdown port: shutdown requested" in messages:
            outcome.ending = REACHED if self._shown() else SHUTDOWN
        else:
            assisted = self._plan.testvisor_memory is not None
            triple = HOST_FAULT if assisted else TRIPLE_FAULT
            outcome.ending = triple if "exception with no resolution" in messages else STOPPED
            outcome.detail = _panic(messages)
            outcome.state = _last_state(bochs.log())


class _Tail:
    """A file that Bochs appends to."""

    def __init__(self, folder, name):
        self._path = os.path.join(folder, name)
        self._position = 0

    def more(self):
        """What has come since the last call."""
        if not os.path.exists(self._path):
            return b""
        with open(self._path, "rb") as file:
            file.seek(self._position)
            data = file.read()
        self._position += len(data)
        return data


class _Typist:
    """Works through the steps of KEYS."""

    def __init__(self, steps, second):
        self._steps = list(steps)
        self._second = second
        self._events = []
        self._seen = b""
        self._since = 0

    def pause(self):
        """How many instructions until the next event is to be sent; 0: none is."""
        return int(_KEY_TIME * self._second) if self._events else 0

    def remaining(self):
        """Steps that were not typed to the end; a key still down does not count."""
        return len(self._steps) + any(pressed for _, pressed in self._events)

    def look(self, outcome, client):
        """Called with the machine at rest: send the next event, or see whether the next step is
        due."""
        if self._events:
            client.key(*self._events.pop(0))
            self._seen, self._since = b"", outcome.tick
            return
        if outcome.display.cells != self._seen:  # colours, too: a menu's bar moves
            self._seen, self._since = outcome.display.cells, outcome.tick
        if self._steps and self._due(outcome):
            self._events = list(self._steps.pop(0).events)

    def _due(self, outcome):
        pattern = self._steps[0].pattern
        rest = outcome.tick - self._since
        shown = outcome.display.everything()
        if pattern is None:
            return rest >= _SETTLED * self._second and shown.strip() != ""
        com1 = outcome.com1.decode("latin-1")
        return bool(pattern.search(shown) or pattern.search(com1))


def texts(outcome):
    """What a regular expression is looked for in: screen, COM1, port 0xE9."""
    if outcome.display:
        yield outcome.display.everything()
    yield outcome.com1.decode("latin-1")
    yield outcome.e9.decode("latin-1")


def _panic(messages):
    """The reason in Bochs' farewell: '[CPU0  ] text' between two rules."""
    match = re.search(r"^\[\w+ *\] (.*)$", messages, re.MULTILINE)
    return match.group(1) if match else messages.strip()[-200:] or "no message"


def _last_state(log):
    """The processor's state at the end of Bochs' log."""
    lines = re.findall(r"^\d+\w\[CPU0 *\] (\|.*|CPU.*)$", log, re.MULTILINE)
    return "\n".join(lines[-_STATE_LINES:])
