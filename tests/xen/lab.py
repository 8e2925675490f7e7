"""Boots Debian's Xen and a dom0 of ours in an emulated machine, and runs a script in dom0: see `--help`.
Not here: what is in dom0 (initramfs.sh, init), nor any script to run."""
# SPDX-License-Identifier: GPL-2.0-only

import argparse
import base64
import gzip
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time

BUILD = "build/xen"
XEN_OPTIONS = (
    "com1=115200,8n1 console=com1 serial_tx_buffer=1M loglvl=all guest_loglvl=all noreboot"
    " dom0_mem=384M,max:384M dom0_max_vcpus=1 xpti=0 spec-ctrl=no"
)
LINUX_OPTIONS = "console=hvc0 earlyprintk=xen random.trust_cpu=on mitigations=off quiet"
# SMAP kills dom0 there, SMEP confuses it, and MONITOR makes Xen panic.
PROCESSOR = "EPYC,-smap,-smep,-monitor"
MEGABYTES = 1024
# With --count the machine's time is the instructions it has executed, 16 ns each. Only for guests that take
# no interrupts: QEMU then delivers each one twice that Xen injects.
COUNTING = ("-icount", "shift=4,sleep=off")

END = re.compile(r"LAB-END (\d+)")
FILE_BEGIN = re.compile(r"LAB-FILE-BEGIN (\S+)")
FILE_END = re.compile(r"LAB-FILE-END (\S+)")
# dom0's console comes through Xen's, which may put its own lines between.
NOISE = re.compile(r"^\(XEN\) |^\(d\d+\) ")


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


class Output:
    """What comes over the serial line: kept with times in the log, files that dom0 sends put aside."""

    def __init__(self, log, folder, echo):
        self.log = log
        self.folder = folder
        self.echo = echo
        self.start = time.monotonic()
        self.rest = b""
        self.status = None
        self.name = None
        self.lines = []

    def feed(self, data):
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            self._line(line.decode("latin-1").rstrip("\r"))

    def _line(self, line):
        if self.name is not None and not NOISE.match(line) and not FILE_END.match(line):
            self.lines.append(line)
            return
        stamp = "[%7.2f] %s" % (time.monotonic() - self.start, line)
        self.log.write(stamp + "\n")
        self.log.flush()
        if self.echo:
            print(stamp, flush=True)
        if match := FILE_BEGIN.match(line):
            self.name, self.lines = os.path.basename(match[1]), []
        elif FILE_END.match(line) and self.name is not None:
            with open(os.path.join(self.folder, self.name), "wb") as file:
                file.write(base64.b64decode("".join(self.lines)))
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


def qemu(arguments, folder, serial):
    """The command line that boots it all in QEMU's own interpreter, an AMD machine with SVM."""
    modules = "%s %s %s,%s" % (
        os.path.join(arguments.build, "vmlinux"),
        LINUX_OPTIONS,
        arguments.linux,
        initramfs(arguments, folder),
    )
    return [
        "qemu-system-x86_64",
        *("-accel", "tcg", "-machine", "pc", "-cpu", PROCESSOR, "-m", str(MEGABYTES)),
        *(COUNTING if arguments.count else ()),
        *("-smp", str(arguments.processors), "-display", "none", "-vga", "none", "-nodefaults"),
        *("-no-reboot", "-monitor", "none", "-serial", "file:" + serial),
        *("-kernel", xen(arguments, folder), "-append", XEN_OPTIONS + " " + arguments.xen),
        *("-initrd", modules),
    ]


def run(arguments):
    """Returns the script's status, or 124 when the time is up, or 125 when the machine ended early."""
    os.makedirs(arguments.out, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="lab-") as folder:
        serial = os.path.join(folder, "serial")
        with open(serial, "wb"):
            pass
        command = qemu(arguments, folder, serial)
        with open(os.path.join(arguments.out, "log"), "w", encoding="latin-1") as log:
            output = Output(log, arguments.out, arguments.echo)
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
            try:
                with open(serial, "rb") as stream:
                    return follow(arguments, output, process, stream)
            finally:
                process.kill()
                process.wait()


def follow(arguments, output, process, stream):
    while True:
        ended = process.poll() is not None
        data = stream.read()
        output.feed(data)
        if output.status is not None:
            return output.status
        if ended and not data:
            print("lab: the machine ended before the script did", file=sys.stderr)
            return 125
        if time.monotonic() - output.start > arguments.limit:
            print("lab: not done within %d s" % arguments.limit, file=sys.stderr)
            return 124
        if not data:
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
    parser.add_argument("--count", action="store_true", help="measure time in instructions (see COUNTING)")
    parser.add_argument("--xen", default="", help="more options for Xen")
    parser.add_argument("--linux", default="", help="more options for dom0's kernel")
    parser.add_argument("--echo", action="store_true", help="also print the log while it grows")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(run(parse(sys.argv[1:])))
