"""Reads C structures of 32- and 64-bit fields out of their headers: a layout is written down once.
Not here: which structures there are (statistics_block.py)."""
# SPDX-License-Identifier: GPL-2.0-only

import re
import struct

_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_FIELD = re.compile(r"uint(32|64)_t\s+(\w+)\s*(?:\[\s*(\w+)\s*\])?\s*;")
_FORMATS = {"32": "I", "64": "Q"}


class Header:
    """One C header: its constants, enumerations and structures by name."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self._text = _COMMENT.sub(" ", file.read())
        self._path = path
        self.constants = {
            name: int(value.rstrip("uU"), 0)
            for name, value in re.findall(
                r"^#define\s+(\w+)\s+((?:0[xX][0-9a-fA-F]+|\d+)[uU]?)\s*$", self._text, re.MULTILINE
            )
        }

    def enumeration(self, name):
        """Names by value of an enumeration that gives every value."""
        body = self._body("enum", name)
        return {int(value, 0): word for word, value in re.findall(r"(\w+)\s*=\s*(\w+)", body)}

    def structure(self, name):
        """The Structure of that name."""
        body = self._body("struct", name)
        fields = []
        for bits, field, count in _FIELD.findall(body):
            length = self.constants.get(count) or int(count) if count else None
            fields.append((field, bits, length))
        if len(fields) != body.count(";"):
            raise ValueError(f"{self._path}: struct {name} has fields of other types")
        return Structure(fields)

    def _body(self, kind, name):
        match = re.search(rf"\b{kind}\s+{name}\s*\{{([^}}]*)\}}", self._text)
        if not match:
            raise ValueError(f"{self._path}: no {kind} {name}")
        return match.group(1)


class Structure:
    """Fields without padding between them, little-endian. `size` in bytes."""

    def __init__(self, fields):
        self._fields = fields
        self._format = "<" + "".join(f"{length or 1}{_FORMATS[bits]}" for _, bits, length in fields)
        self.size = struct.calcsize(self._format)

    def offset(self, field):
        """Of the first byte of `field`."""
        names = [name for name, _, _ in self._fields]
        before = self._fields[: names.index(field)]
        return sum((length or 1) * int(bits) // 8 for _, bits, length in before)

    def unpack(self, data):
        """The fields by name; an array as a list."""
        values = list(struct.unpack(self._format, data))
        result = {}
        for name, _, length in self._fields:
            if length is None:
                result[name] = values.pop(0)
            else:
                result[name], values = values[:length], values[length:]
        return result
