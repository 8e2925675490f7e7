"""Bochs as a child process, driven through its built-in debugger.
Not here: the machine's description (machine.py), nor what a run is after (session.py)."""
# SPDX-License-Identifier: GPL-2.0-only

import ctypes
import os
import re
import select
import signal
import struct
import subprocess
from dataclasses import dataclass

from machine import BOCHS_LOG_FILE, CONFIGURATION_FILE

BOCHS = "/usr/bin/bochs-bin"
MESSAGES_FILE = "bochs.messages"
_PR_SET_PDEATHSIG = 1

# What the debugger prints when a stop-after-N-ticks is due. The prompt's number and the end of the
# data tell it from the same words written by the guest to port 0xE9, which reach the same pipe.
_STOP = rb"\(0\) Caught time breakpoint\n%s"
_NEXT = rb"Next at t=(\d+)\n\(0\) ([^\n]*)\n(?:[^\n]*\n)?<bochs:%d> \Z"
# What it prints last when Bochs ends by itself.
_LAST = re.compile(rb"\(0\)\.\[(\d+)\] (?:\[0x|\?\?\?)[^\n]*\n?\Z")
# A HLT with interrupts off is waited out inside Bochs, past any stop that is due; its log tells.
_HALT = re.compile(r"^(\d+)i\[CPU0 *\] WARNING: HLT instruction with IF=0!$", re.MULTILINE)
_HALT_PATIENCE = 1.0  # seconds without a sign of life before the log is looked at
# What its log says when another Bochs that started in the same moment has taken the port of its
# display: the one that listens second ends. Nothing is wrong with either; it is started again.
_PORT_TAKEN = "Could not listen on socket."
_STARTS = 5
_LINEAR = re.compile(rb"\[0x([0-9a-f]+)\]")


class BochsError(Exception):
    """Bochs is missing, did not start, or said something that this driver does not understand."""


@dataclass(frozen=True)
class Stop:
    """Why the guest is not running: `e9` is what it wrote to port 0xE9 since the last stop,
    `tick` the machine's time in instructions, `address` that of the next instruction (None when
    unknown), `ended` that Bochs has gone, `halted` that the processor waits in a HLT with
    interrupts off (`tick` is when it got there). `late` is how many instructions after it was due
    the stop came: Bochs cannot stop while the processor halts."""

    e9: bytes
    tick: int
    address: int | None
    ended: bool = False
    halted: bool = False
    late: int = 0


class Bochs:
    """One running Bochs. Use as a context manager: it is gone afterwards, whatever happened."""

    def __init__(self, folder):
        """Start the machine that `folder` describes; it waits before its first instruction."""
        self._folder = folder
        self._number = 1
        self._due = []
        self.tick = 0
        for _ in range(_STARTS):
            self._process = self._begin()
            if self._read(lambda data: data.endswith(b"<bochs:1> "))[1]:
                return
            self.close()
            if _PORT_TAKEN not in self.log():
                break
        raise BochsError("Bochs did not start: " + self.messages())

    def _begin(self):
        with open(os.path.join(self._folder, MESSAGES_FILE), "wb") as messages:
            try:
                return subprocess.Popen(
                    [BOCHS, "-q", "-f", CONFIGURATION_FILE],
                    cwd=self._folder,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=messages,
                    bufsize=0,
                    preexec_fn=_die_with_parent,
                )
            except OSError as error:
                raise BochsError(f"{BOCHS}: {error.strerror}") from error

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def process_id(self):
        """The process id, by which its sockets are found."""
        return self._process.pid

    def close(self):
        """End Bochs and wait for it."""
        if self._process.poll() is None:
            try:
                self._process.stdin.write(b"q\n")
                self._process.wait(timeout=5)
            except (OSError, subprocess.TimeoutExpired):
                self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()

    def step(self, ticks):
        """Run the guest for about `ticks` instructions (less when a stop of an earlier step is still
        due, more when it halts) and return the Stop."""
        self._plan_stops(ticks)
        self._number += 1
        after = _NEXT % self._number
        pattern = re.compile(_STOP % after)
        self._send("c")
        data, found = self._read(pattern.search, self._halt_tick)
        if not found and (halt := self._halt_tick()) is not None:
            pattern = re.compile(after)
            # Only a signal gets through here, and only here is it safe: elsewhere it can meet Bochs
            # in the middle of a log line and lock it up.
            self._process.send_signal(signal.SIGINT)
            more, found = self._read(pattern.search)
            data += more
        if data.startswith(b"c\n"):
            data = data[2:]  # the debugger's echo of the command
        if not found:
            return self._end(data)
        match = pattern.search(data)
        halted = pattern.pattern == after
        self.tick = halt if halted else int(match.group(1))
        passed = [tick for tick in self._due if tick <= self.tick]
        late = self.tick - passed[0] if passed else 0
        address = _address(match.group(2))
        return Stop(data[: match.start()], self.tick, address, halted=halted, late=late)

    def _plan_stops(self, ticks):
        """Have Bochs stop `ticks` from now, and once more after that: a stop that falls due while the
        processor halts is sometimes lost."""
        self._due = [tick for tick in self._due if tick > self.tick]
        wanted = [self.tick + ticks] if not self._due or self._due[0] > self.tick + ticks else []
        if len(self._due) + len(wanted) < 2:
            wanted.append(max(self._due + wanted) + ticks)
        for tick in wanted:
            self.command(f"sb {tick - self.tick}")
        self._due = sorted(self._due + wanted)

    def _end(self, data):
        """The Stop of a Bochs that has gone."""
        match = _LAST.search(data)
        if not match:
            return Stop(data, self.tick, None, ended=True)
        self.tick = int(match.group(1))
        return Stop(data[: match.start()], self.tick, _address(match.group(0)), ended=True)

    def _halt_tick(self):
        """When, since the last stop, the processor halted with interrupts off; None if it did
        not."""
        ticks = [int(tick) for tick in _HALT.findall(self.log())]
        return ticks[-1] if ticks and ticks[-1] >= self.tick else None

    def command(self, text):
        """Give one debugger command while the guest stands still; return what it printed."""
        self._number += 1
        end = b"<bochs:%d> " % self._number
        self._send(text)
        data, found = self._read(lambda data: data.endswith(end))
        if not found:
            raise BochsError(f"Bochs ended at the debugger command '{text}': " + self.messages())
        answer = data[: -len(end)].decode("latin-1")
        return answer.removeprefix(text + "\n")

    def read_physical(self, address, length):
        """`length` bytes of guest-physical memory; both must be multiples of 4."""
        answer = self.command(f"xp /{length // 4}wx 0x{address:x}")
        words = []
        for line in answer.splitlines():
            _, colon, values = line.partition(">:")
            if colon:
                words += [int(word, 16) for word in values.split()]
        if len(words) * 4 != length:
            raise BochsError(f"cannot read {length} bytes at 0x{address:x}: {answer[:200]}")
        return struct.pack(f"<{len(words)}I", *words)

    def write_physical(self, address, value):
        """Set the 32 bits at `address` in guest-physical memory."""
        self.command(f"setpmem 0x{address:x} 4 0x{value:x}")

    def device(self, name):
        """The state of a device as nested dictionaries of strings, named as Bochs names them."""
        root = {}
        stack = [root]
        for line in self.command(f'show "{name}"').splitlines():
            key, equals, value = line.strip().partition(" = ")
            if key == "}":
                stack.pop()
            elif equals and value == "{":
                stack[-1][key] = {}
                stack.append(stack[-1][key])
            elif equals:
                stack[-1][key] = value
        if name not in root:
            raise BochsError(f"Bochs knows no device '{name}'")
        return root[name]

    def messages(self):
        """What Bochs wrote to its error output, for the user."""
        return _read_text(self._folder, MESSAGES_FILE)[-2000:]

    def log(self):
        """Bochs' own log up to now."""
        return _read_text(self._folder, BOCHS_LOG_FILE)

    def _send(self, text):
        try:
            self._process.stdin.write(text.encode("ascii") + b"\n")
        except OSError as error:
            raise BochsError("Bochs has gone: " + self.messages()) from error

    def _read(self, complete, give_up=None):
        """Read until `complete(data)` or the end; return the data and whether it was complete.
        While nothing comes, `give_up` is asked now and then; anything but None ends the wait."""
        data = b""
        while True:
            while give_up and not select.select([self._process.stdout], [], [], _HALT_PATIENCE)[0]:
                if give_up() is not None:
                    return data, False
            block = self._process.stdout.read(1 << 16)
            if not block:
                return data, False
            data += block
            if data.endswith(b"> ") and complete(data):
                return data, True


def _die_with_parent():
    """In the child: a Bochs whose driver is gone would spin for ever at the end of its input."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _address(line):
    match = _LINEAR.search(line)
    return int(match.group(1), 16) if match else None


def _read_text(folder, name):
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()
