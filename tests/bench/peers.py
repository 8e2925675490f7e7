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
    """A whole emulated machine that runs the workload from its ROM. Its process is what is timed,
    the start included."""

    startup_counts = True

    def __init__(self, name, title):
        self.name = name
        self.title = title

    def can(self, workload):
        """Does it run this workload at all?"""
        return workload.peers

    def run(self, workload, repeats):
        """A Sample; the time is that of the whole process."""
        with tempfile.TemporaryDirectory(dir=FOLDER, prefix=f"{self.name}-") as folder:
            with open(workload.rom, "rb") as file:
                rom = bytearray(file.read())
            rom[_ENTRY_REPEATS : _ENTRY_REPEATS + 4] = repeats.to_bytes(4, "little")
            with open(os.path.join(folder, "rom.bin"), "wb") as file:
                file.write(rom)
            seconds, output = self._run_in(folder)
        checksum = re.findall(r"^([0-9a-f]{8})\r?$", output, re.MULTILINE)
        if len(checksum) != 1:
            raise BenchError(f"{self.title}, {workload.name}: no checksum in '{output[-500:]}'")
        return Sample(checksum[0], seconds, {})

    def _run_in(self, folder):
        raise NotImplementedError


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
    """QEMU with its JIT."""

    def __init__(self):
        super().__init__("qemu", "QEMU TCG")

    def _run_in(self, folder):
        command = "qemu-system-i386 -accel tcg -M pc -m 16 -nodefaults -display none -bios rom.bin"
        command += " -chardev stdio,id=text,signal=off -device isa-debugcon,iobase=0xe9,chardev=text"
        command += " -device isa-debug-exit,iobase=0xf4"
        return _timed(command.split(), folder, b"")


class Bochs(_Machine):
    """Any Bochs, given by path."""

    _CONFIGURATION = """\
config_interface: textconfig
display_library: {display}
romimage: file=rom.bin
cpu: model=core2_penryn_t9600, count=1, ips=100000000, reset_on_triple_fault=0
memory: guest=16, host=16
clock: sync=none, time0=0
log: bochs.log
port_e9_hack: enabled=1
vga: update_freq=1, realtime=0
pci: enabled=0
"""
    # A build has one or the other; the first that works is kept.
    _DISPLAYS = ("nogui", 'rfb, options="timeout=0"')

    def __init__(self, path):
        super().__init__("bochs", "Bochs")
        self._path = os.path.abspath(path)
        self._displays = self._DISPLAYS
        if not os.access(self._path, os.X_OK):
            raise BenchError(f"BOCHS={path} is no program")

    def run(self, workload, repeats):
        for display in self._displays:
            self._displays = (display,)
            try:
                return super().run(workload, repeats)
            except BenchError as error:
                failure = error
                self._displays = self._DISPLAYS
        raise failure

    def _run_in(self, folder):
        with open(os.path.join(folder, "bochsrc"), "w", encoding="ascii") as file:
            file.write(self._CONFIGURATION.format(display=self._displays[0]))
        # A build with the debugger asks first.
        return _timed([self._path, "-q", "-f", "bochsrc"], folder, b"c\n")


def all_peers(bochs):
    """Ours first. `bochs` is a path or None."""
    peers = [Ours()]
    peers.append(Host("native", "native", os.path.join(FOLDER, "native")))
    peers.append(Qemu())
    if bochs:
        peers.append(Bochs(bochs))
    peers.append(Host("unicorn", "Unicorn", os.path.join(FOLDER, "unicorn")))
    peers.append(Host("x86emu", "libx86emu", os.path.join(FOLDER, "x86emu")))
    return peers
