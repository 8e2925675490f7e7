"""A small RFB 3.3 client: the picture that Bochs shows, and keys for its keyboard.
Not here: what to type and when (keys.py, session.py)."""
# SPDX-License-Identifier: GPL-2.0-only

import os
import socket
import struct
import threading
import time

from PIL import Image

_PATIENCE = 5.0  # seconds for anything that takes milliseconds on an idle host
_BELL, _CUT_TEXT, _COLOURS, _UPDATE = 2, 3, 1, 0
_TOOL_BAR = 32  # rows of Bochs' own above the guest's display
_ENCODING_RAW, _ENCODING_DESKTOP_SIZE = 0, -223
# Bochs sends one byte a pixel: red in bits 7:5, green in 4:2, blue in 1:0.
_PALETTE = b"".join(
    bytes(((pixel >> 5) * 255 // 7, (pixel >> 2 & 7) * 255 // 7, (pixel & 3) * 255 // 3))
    for pixel in range(256)
)


class RfbError(Exception):
    """No RFB server of that process, or it does not speak as expected."""


class RfbClient:
    """A connection to the RFB server of one process. Connect before the guest runs: Bochs sends
    only what changes. Must be closed."""

    def __init__(self, process_id):
        """Connect to whatever port that process listens on."""
        self._socket = socket.create_connection(("127.0.0.1", _find_port(process_id)), _PATIENCE)
        self._lock = threading.Lock()
        self._picture = None
        self._handshake()
        self._socket.settimeout(None)
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def close(self):
        """Drop the connection."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the other side was first
        self._socket.close()
        self._thread.join(_PATIENCE)

    def picture(self, width, height):
        """The guest's display, of that many pixels, as Bochs shows it now below its own tool
        bar."""
        with self._lock:
            return self._picture.convert("RGB").crop((0, _TOOL_BAR, width, _TOOL_BAR + height))

    def key(self, keysym, pressed):
        """Press or release one key, by its X keysym. Bochs' own thread queues it; the guest gets it
        when the machine runs on and Bochs next looks at its display."""
        self._socket.sendall(struct.pack(">BBHI", 4, pressed, 0, keysym))
        time.sleep(0.02)

    def _handshake(self):
        version = self._receive(12)
        if not version.startswith(b"RFB "):
            raise RfbError(f"not an RFB server: {version!r}")
        self._socket.sendall(b"RFB 003.003\n")
        if struct.unpack(">I", self._receive(4)) != (1,):
            raise RfbError("the RFB server wants a password")
        self._socket.sendall(b"\1")  # shared
        width, height, bits = struct.unpack(">HHB", self._receive(5))
        self._receive(15)
        self._receive(*struct.unpack(">I", self._receive(4)))  # the name
        if bits != 8:
            raise RfbError(f"{bits} bits a pixel, 8 expected")
        self._resize(width, height)
        encodings = (_ENCODING_RAW, _ENCODING_DESKTOP_SIZE)
        self._socket.sendall(struct.pack(">BBHii", 2, 0, len(encodings), *encodings))
        self._request_update(incremental=0)

    def _request_update(self, incremental):
        width, height = self._picture.size
        self._socket.sendall(struct.pack(">BBHHHH", 3, incremental, 0, 0, width, height))

    def _resize(self, width, height):
        picture = Image.new("P", (width, height))
        picture.putpalette(_PALETTE)
        if self._picture:
            picture.paste(self._picture, (0, 0))
        self._picture = picture

    def _receive(self, length):
        data = b""
        while len(data) < length:
            block = self._socket.recv(length - len(data))
            if not block:
                raise RfbError("the RFB server has gone")
            data += block
        return data

    def _follow(self):
        """The thread: take in updates until the connection ends."""
        try:
            while True:
                message = self._receive(1)[0]
                if message == _UPDATE:
                    self._receive(1)
                    for _ in range(*struct.unpack(">H", self._receive(2))):
                        self._rectangle()
                    self._request_update(incremental=1)
                elif message == _COLOURS:
                    _, _, count = struct.unpack(">BHH", self._receive(5))
                    self._receive(6 * count)
                elif message == _CUT_TEXT:
                    _, count = struct.unpack(">3sI", self._receive(7))
                    self._receive(count)
                elif message != _BELL:
                    return
        except (OSError, RfbError):
            return

    def _rectangle(self):
        x, y, width, height, encoding = struct.unpack(">HHHHi", self._receive(12))
        if encoding == _ENCODING_DESKTOP_SIZE:
            with self._lock:
                self._resize(width, height)
            return
        pixels = self._receive(width * height)
        if width and height:
            with self._lock:
                self._picture.paste(Image.frombytes("P", (width, height), pixels), (x, y))


def _find_port(process_id):
    """The TCP port on which the process listens; other Bochs may hold the usual ones."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        sockets = _sockets_of(process_id)
        for table in ("/proc/net/tcp", "/proc/net/tcp6"):
            with open(table, encoding="ascii") as file:
                for line in file.readlines()[1:]:
                    field = line.split()
                    if field[3] == "0A" and field[9] in sockets:  # 0A: listening
                        return int(field[1].rpartition(":")[2], 16)
        time.sleep(0.05)
    raise RfbError(f"process {process_id} listens on no port")


def _sockets_of(process_id):
    folder = f"/proc/{process_id}/fd"
    inodes = set()
    for name in os.listdir(folder):
        try:
            target = os.readlink(os.path.join(folder, name))
        except OSError:
            continue  # closed meanwhile
        if target.startswith("socket:["):
            inodes.add(target[len("socket:[") : -1])
    return inodes
