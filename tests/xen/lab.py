"""Boots Debian's Xen and a dom0 of ours in an emulated machine, and runs a script in dom0: see `--help`.
Not here: what is in dom0 (initramfs.sh, init), nor any script to run."""
# SPDX-License-Identifier: GPL-2.0-only

import argparse
import base64
import gzip
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time

import machines

BUILD = "build/xen"
XEN_OPTIONS = (
    "com1=115200,8n1 console=com1 serial_tx_buffer=1M loglvl=all guest_loglvl=all noreboot"
    " dom0_mem=384M,max:384M dom0_max_vcpus=1 xpti=0 spec-ctrl=no"
)
LINUX_OPTIONS = "console=hvc0 earlyprintk=xen random.trust_cpu=on mitigations=off quiet"
# What Bochs' debugger says when it stops.
STOPPED = re.compile(r"Breakpoint \d+, ")
# What dom0 says.
END = re.compile(r"LAB-END (\d+)")
FILE_BEGIN = re.compile(r"LAB-FILE-BEGIN (\S+)")
FILE_END = re.compile(r"LAB-FILE-END (\S+)")


class Archive:
    """A cpio archive in the "newc" format, which Linux takes appended to another one."""

    def __init__(self):
        self.data = bytearray()
        self.folders = set()

    def _entry(self, name, mode, content):
        encoded = name.encode() + b"\0"
        fields = (len(self.data) + 1, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(encoded), 0)
        self.data += b"070701" + b"".join(b"%08x" % field for field in fields) + encoded
        self._pad()
        self.data += content
        self._pad()

    def _pad(self):
        self.data += bytes(-len(self.data) % 4)

    def add(self, name, mode, content):
        """A file, with the folders it is in. `name` is absolute."""
        parts = name.strip("/").split("/")
        for depth in range(1, len(parts)):
            folder = "/".join(parts[:depth])
            if folder not in self.folders:
                self.folders.add(folder)
                self._entry(folder, stat.S_IFDIR | 0o755, b"")
        self._entry("/".join(parts), stat.S_IFREG | mode, content)

    def close(self):
        self._entry("TRAILER!!!", 0, b"")
        return bytes(self.data)


class Stream:
    """A file that somebody else writes to, read by lines."""

    def __init__(self, path):
        self.file = open(path, "a+b")  # pylint: disable=consider-using-with
        self.file.seek(0)
        self.rest = b""

    def lines(self):
        *lines, self.rest = (self.rest + self.file.read()).split(b"\n")
        return [line.decode("latin-1").rstrip("\r") for line in lines]


class Log:
    """Lines of all streams, with times."""

    def __init__(self, path, echo):
        self.file = open(path, "w", encoding="latin-1")  # pylint: disable=consider-using-with
        self.echo = echo
        self.start = time.monotonic()

    def line(self, line):
        stamp = "[%7.2f] %s" % (self.seconds(), line)
        self.file.write(stamp + "\n")
        self.file.flush()
        if self.echo:
            print(stamp, flush=True)

    def seconds(self):
        return time.monotonic() - self.start


class Dom0:
    """What dom0 says: `status` when the script has ended; files that it sends are put into the folder."""

    def __init__(self, log, folder):
        self.log = log
        self.folder = folder
        self.status = None
        self.name = None
        self.content = []

    def line(self, line):
        if self.name is not None and not FILE_END.match(line):
            self.content.append(line)
            return
        self.log.line(line)
        if match := FILE_BEGIN.match(line):
            self.name, self.content = os.path.basename(match[1]), []
        elif FILE_END.match(line) and self.name is not None:
            with open(os.path.join(self.folder, self.name), "wb") as file:
                file.write(base64.b64decode("".join(self.content)))
            self.name = None
        elif match := END.match(line):
            self.status = int(match[1])


def initramfs(arguments, folder):
    """The base archive and the files of this run, as one file in `folder`."""
    archive = Archive()
    with open(arguments.script, "rb") as file:
        archive.add("/lab/run", 0o755, file.read())
    for pair in arguments.file:
        source, _, target = pair.partition("=")
        with open(source, "rb") as file:
            archive.add(
                target or "/lab/" + os.path.basename(source),
                0o755 if os.access(source, os.X_OK) else 0o644,
                file.read(),
            )
    path = os.path.join(folder, "initramfs")
    shutil.copyfile(os.path.join(arguments.build, "initramfs.cpio"), path)
    with open(path, "ab") as file:
        file.write(bytes(-file.tell() % 512))
        file.write(archive.close())
    return path


def xen(arguments, folder):
    path = os.path.join(folder, "xen")
    with gzip.open(os.path.join(arguments.build, "root/boot/xen-4.17-amd64.gz")) as source:
        with open(path, "wb") as target:
            shutil.copyfileobj(source, target)
    return path


def run(arguments):
    """Returns the script's status, or 124 when the time is up, or 125 when the machine ended early."""
    os.makedirs(arguments.out, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="lab-") as folder:
        parts = machines.Parts(
            xen=xen(arguments, folder),
            xen_options=f"{XEN_OPTIONS} {arguments.xen}",
            kernel=os.path.join(arguments.build, "vmlinux"),
            kernel_options=f"{LINUX_OPTIONS} {arguments.linux}",
            initramfs=initramfs(arguments, folder),
        )
        command = machine(arguments, folder).command(parts, folder)
        emulator = os.path.join(arguments.out, "emulator")
        log = Log(os.path.join(arguments.out, "log"), arguments.echo)
        with open(emulator, "wb") as file:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
        try:
            return follow(arguments, process, log, emulator, folder)
        finally:
            process.kill()
            process.wait()


def machine(arguments, folder):
    if not arguments.bochs:
        return machines.Qemu(arguments.processors, arguments.count)
    symbols = os.path.join(arguments.build, "debug/root/usr/lib/debug/boot/xen-syms-4.17-amd64")
    return machines.Bochs(arguments.stop_at and machines.symbol(symbols, xen(arguments, folder), arguments.stop_at))


def follow(arguments, process, log, emulator, folder):
    said = Stream(emulator)
    xen_lines = Stream(os.path.join(folder, machines.XEN))
    dom0_lines = Stream(os.path.join(folder, machines.DOM0))
    dom0 = Dom0(log, arguments.out)
    while True:
        ended = process.poll() is not None
        for line in said.lines():
            if STOPPED.search(line):
                log.line(line)
        for line in xen_lines.lines():
            log.line(line)
        for line in dom0_lines.lines():
            dom0.line(line)
        if dom0.status is not None:
            return dom0.status
        if ended:
            print("lab: the machine ended before the script did", file=sys.stderr)
            return 125
        if log.seconds() > arguments.limit:
            print("lab: not done within %d s" % arguments.limit, file=sys.stderr)
            return 124
        time.sleep(0.1)


def parse(words):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("script", help="shell script that runs in dom0, in /lab; its status is the lab's")
    parser.add_argument(
        "--file", action="append", default=[], metavar="FILE[=PATH]", help="goes to /lab, or to PATH"
    )
    parser.add_argument("--out", default=BUILD + "/out", help="folder for `log` and for what dom0 sends")
    parser.add_argument("--limit", type=int, default=600, help="seconds of this host")
    parser.add_argument("--build", default=BUILD, help="where `make xen-lab` has put its parts")
    parser.add_argument("--processors", type=int, default=1)
    parser.add_argument("--count", action="store_true", help="measure time in instructions (see machines.py)")
    parser.add_argument("--bochs", action="store_true", help="the Intel machine")
    parser.add_argument("--stop-at", metavar="SYMBOL", help="note when Xen gets there; with --bochs")
    parser.add_argument("--xen", default="", help="more options for Xen")
    parser.add_argument("--linux", default="", help="more options for dom0's kernel")
    parser.add_argument("--echo", action="store_true", help="also print the log while it grows")
    return parser.parse_args(words)


if __name__ == "__main__":
    # The emulator is to end too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(run(parse(sys.argv[1:])))
