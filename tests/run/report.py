"""Puts the outcome of a run into files, and onto the terminal.
Not here: taking the log apart (testvisor_log.py), nor drawing text screens (screen.py)."""
# SPDX-License-Identifier: GPL-2.0-only

import os
import subprocess
import sys
import time

import session
import testvisor_log

_SHOWN_HANDOFFS = 4
_SHOWN_LOG_LINES = 60
_PROGRESS_TERMINAL = 0.5  # seconds between two progress lines
_PROGRESS_ELSEWHERE = 15.0
_DISASSEMBLE = os.path.join("build", "run-tools", "disassemble")


class Progress:
    """Says now and then, on standard error, how far a run is."""

    def __init__(self):
        self._terminal = sys.stderr.isatty()
        self._pause = _PROGRESS_TERMINAL if self._terminal else _PROGRESS_ELSEWHERE
        self._last = time.monotonic()

    def __call__(self, outcome):
        now = time.monotonic()
        if now - self._last < self._pause:
            return
        self._last = now
        lines = [line.strip() for line in outcome.display.text().splitlines() if line.strip()]
        line = f"{outcome.tick / 1e6:8.0f} M instructions  {lines[-1] if lines else ''}"
        if self._terminal:
            print(f"\r{line[:78]:78}", end="", file=sys.stderr, flush=True)
        else:
            print(line[:120], file=sys.stderr, flush=True)

    def close(self):
        """Leave a clean line behind."""
        if self._terminal:
            print(f"\r{'':78}\r", end="", file=sys.stderr, flush=True)


def write(outcome, folder):
    """Leave screen.txt, screen.png, com1.txt, e9.txt and testvisor.log in `folder`; return a
    remark on where the picture comes from."""
    display = outcome.display
    _write(folder, "screen.txt", (display.text() + "\n" if display else "").encode("utf-8"))
    _write(folder, "com1.txt", outcome.com1)
    _write(folder, "e9.txt", outcome.e9)
    _write(folder, "testvisor.log", outcome.log)
    path = os.path.join(folder, "screen.png")
    if outcome.picture:
        outcome.picture.save(path)
        return "as Bochs drew it"
    if display and not display.graphics:
        display.picture().save(path)
        return "drawn from text memory"
    if os.path.exists(path):
        os.unlink(path)
    return "no picture: Bochs ended before it could be asked"


def disassemble(outcome, folder, root):
    """Turn the trace in the log into trace.txt. Returns the number of its lines."""
    path = os.path.join(folder, "trace.txt")
    with open(path, "wb") as target:
        subprocess.run(
            [os.path.join(root, _DISASSEMBLE)], input=outcome.log, stdout=target, check=True
        )
    with open(path, "rb") as file:
        return sum(1 for _ in file)


def show(arguments, outcome, picture_remark):
    """Print everything a reader of the terminal wants to see."""
    log = testvisor_log.parse(outcome.log.decode("latin-1"))
    _title(f"screen ({picture_remark})")
    print(outcome.display.text() if outcome.display else "(Bochs ended before the first look)")
    for name, data in (("COM1", outcome.com1), ("port 0xE9", outcome.e9)):
        if data:
            _title(name)
            print(printable(data))
    _show_handoffs(log)
    _show_counts(outcome.statistics or log.counts)
    if not succeeded(arguments, outcome):
        _show_failure(outcome, log)
    _title("end")
    print(verdict(arguments, outcome))


def succeeded(arguments, outcome):
    """Did the run do what it was to do?"""
    if outcome.untyped:
        return False
    if arguments.until:
        return outcome.ending == session.REACHED
    return outcome.ending in (session.LIMIT, session.SHUTDOWN)


def verdict(arguments, outcome):
    """One line: how the run ended."""
    if outcome.ending == session.REACHED:
        text = f"'{arguments.until.pattern}' was shown"
    else:
        text = outcome.ending
    if outcome.detail:
        text += f" ({outcome.detail})"
    if arguments.until and outcome.ending != session.REACHED:
        text += f"; '{arguments.until.pattern}' was not shown"
    if outcome.untyped:
        text += f"; {outcome.untyped} step(s) of KEYS were not typed"
    return f"{text}; {outcome.tick / 1e6:.1f} M instructions in {outcome.seconds:.1f} s"


def printable(data):
    """Guest output for a terminal: line ends made one, control characters made visible."""
    text = data.decode("latin-1").replace("\r\n", "\n").replace("\n\r", "\n").rstrip("\n")
    return "".join(c if c in "\n\t" or c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def _show_handoffs(log):
    if not log.handoffs:
        return
    _title(f"first hand-offs (testvisor.log has {len(log.handoffs)} of the guest, and the blob's own)")
    for record in log.handoffs[:_SHOWN_HANDOFFS]:
        state = record.parts.get("state", {})
        values = " ".join(f"{name}={value:08x}" for name, value in state.items())
        print(f"{record.direction} {record.number}: {values}")
        print("       selector      base     limit attributes")
        for name in testvisor_log.SEGMENTS:
            segment = record.parts.get(name)
            if segment:
                print(
                    f"  {name:4}     {segment['selector']:04x}  {segment['base']:08x}"
                    f"  {segment['limit']:08x}      {segment['attributes']:05x}"
                )


def _show_counts(counts):
    if not counts:
        return
    _title("counts")
    for name, value in counts.items():
        print(f"{value:16,}  {name}")


def _show_failure(outcome, log):
    if log.other:
        _title("end of the testvisor's log")
        for line in log.other[-_SHOWN_LOG_LINES:]:
            print(printable(line.encode("latin-1")))
    if outcome.state:
        _title("processor")
        print(outcome.state)


def _title(text):
    print(f"----- {text} " + "-" * max(0, 72 - len(text)))


def _write(folder, name, data):
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data)
