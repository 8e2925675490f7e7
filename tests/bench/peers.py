"""The peers of the comparison, each behind one method: run a workload so often, and say how long it took.
Not here: which runs are made (bench.py), nor what the figures mean (targets.py)."""
# SPDX-License-Identifier: GPL-2.0-only

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass

from workload import BLOB, FOLDER, BenchError, run_host

_ENTRY_REPEATS = 4  # offset of the number of repeats in an image
_IMAGE_START = {"rom": 0, "floppy": 512}  # offset of the image in a medium
_TIME_LIMIT = 120  # seconds, of any one run


@dataclass(frozen=True)
class Sample:
    """One run: what it computed, the user time it took, and what else the program said."""

    checksum: str
    seconds: float
    values: dict


class Host:
    """A program of ours around a library, or around nothing. It takes its own time."""

    startup_counts = False

    def __init__(self, name, title, program):
        self.name = name
        self.title = title
        self._program = program

    def can(self, workload):
        """Does it run this workload at all?"""
        return workload.peers and (workload.native or self.name != "native")

    def run(self, workload, repeats):
        """A Sample, or None where this host does not permit it."""
        values, _ = run_host(self._program, workload, repeats)
        return values and Sample(values["checksum"], float(values["seconds"]), values)


class Ours(Host):
    """The blob's interpreter: the only one that runs every workload, and counts instructions."""

    def __init__(self):
        super().__init__("ours", "hvmassist", BLOB)

    def can(self, workload):
        return True


class _Machine:
    """A whole emulated machine that gets the workload on a medium. Its process is what is timed,
    the start included."""

    startup_counts = True

    def __init__(self, name, title, medium):
        self.name = name
        self.title = title
        self._medium = medium

    def can(self, workload):
        """Does it run this workload at all?"""
        return workload.peers

    def run(self, workload, repeats):
        """A Sample; the time is that of the whole process."""
        with tempfile.TemporaryDirectory(dir=FOLDER, prefix=f"{self.name}-") as folder:
            with open(workload.medium(self._medium), "rb") as file:
                medium = bytearray(file.read())
            place = _IMAGE_START[self._medium] + _ENTRY_REPEATS
            medium[place : place + 4] = repeats.to_bytes(4, "little")
            with open(os.path.join(folder, self._medium), "wb") as file:
                file.write(medium)
            seconds, output = self._run_in(folder)
        self._look(output)
        checksum = re.findall(r"^([0-9a-f]{8})\r?$", output, re.MULTILINE)
        if len(checksum) != 1:
            raise BenchError(f"{self.title}, {workload.name}: no checksum in '{output[-500:]}'")
        return Sample(checksum[0], seconds, {})

    def _run_in(self, folder):
        raise NotImplementedError

    def _look(self, output):
        """At what a run said beside the checksum."""


def _timed(command, folder, typed):
    """Run `command` in `folder` with `typed` on its standard input; user seconds and output."""
    path = os.path.join(folder, "output.txt")
    with open(path, "wb") as output, tempfile.TemporaryFile() as keys:
        keys.write(typed)
        keys.seek(0)
        with subprocess.Popen(
            ["timeout", str(_TIME_LIMIT), *command],
            cwd=folder,
            stdin=keys,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process:
            # The usage of the process and of all that it waited for.
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
    with open(path, encoding="latin-1") as output:
        return usage.ru_utime, output.read()


class Qemu(_Machine):
    """QEMU with its JIT, booted by its BIOS, as its users do. The timer that the BIOS leaves
    running has an interrupt pending all the time, which QEMU looks at wherever code leaves a chain
    of its translations."""

    _COMMAND = (
        "qemu-system-i386 -accel tcg -M pc -m 16 -nodefaults -display none"
        " -chardev stdio,id=text,signal=off -device isa-debugcon,iobase=0xe9,chardev=text"
        " -device isa-debug-exit,iobase=0xf4"
    )
    _ATTACH = "-boot a -drive file=floppy,format=raw,if=floppy"

    def __init__(self):
        super().__init__("qemu", "QEMU TCG", "floppy")

    def _run_in(self, folder):
        return _timed([*self._COMMAND.split(), *self._ATTACH.split()], folder, b"")


class QuietQemu(Qemu):
    """The same without BIOS, so that nothing is pending: only where that makes a difference."""

    _ATTACH = "-bios rom"

    def __init__(self):
        _Machine.__init__(self, "quiet", "QEMU, no IRQ", "rom")

    def can(self, workload):
        return workload.name == "calls"


class Bochs(_Machine):
    """Any Bochs, given by path. One with its debugger compiled in is several times slower."""

    _CONFIGURATION = """\
config_interface: textconfig
{devices}
romimage: file=rom
cpu: model=core2_penryn_t9600, count=1, ips=100000000, reset_on_triple_fault=0
memory: guest=16, host=16
clock: sync=none, time0=0
log: bochs.log
port_e9_hack: enabled=1
vga: update_freq=1, realtime=0
pci: enabled=0
"""
    # A build has these devices or others; the first set that works is kept.
    _SILENCE = "sound: waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy"
    _DEVICES = (
        "display_library: nogui",
        f"display_library: nogui\n{_SILENCE}",
        f'display_library: rfb, options="timeout=0"\n{_SILENCE}',
    )

    def __init__(self, path):
        super().__init__("bochs", "Bochs", "rom")
        self._path = os.path.abspath(path)
        self._devices = self._DEVICES
        if not os.access(self._path, os.X_OK):
            raise BenchError(f"BOCHS={path} is no program")

    def run(self, workload, repeats):
        for devices in self._devices:
            self._devices = (devices,)
            try:
                return super().run(workload, repeats)
            except BenchError as error:
                failure = error
                self._devices = self._DEVICES
        raise failure

    def _run_in(self, folder):
        with open(os.path.join(folder, "bochsrc"), "w", encoding="ascii") as file:
            file.write(self._CONFIGURATION.format(devices=self._devices[0]))
        # A build with the debugger asks before it starts.
        return _timed([self._path, "-q", "-f", "bochsrc"], folder, b"c\n")

    def _look(self, output):
        if "<bochs:1>" in output:
            self.title = "Bochs, debugger"


def all_peers(bochs):
    """Ours first. `bochs` is a path or None."""
    peers = [Ours()]
    peers.append(Host("native", "native", os.path.join(FOLDER, "native")))
    peers.append(Qemu())
    peers.append(QuietQemu())
    if bochs:
        peers.append(Bochs(bochs))
    peers.append(Host("unicorn", "Unicorn", os.path.join(FOLDER, "unicorn")))
    peers.append(Host("x86emu", "libx86emu", os.path.join(FOLDER, "x86emu")))
    return peers
