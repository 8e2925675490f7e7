"""The KEYS language: what to type into the guest, and what to wait for before typing it.
Not here: sending keys (rfb.py), nor watching the guest (session.py)."""
# SPDX-License-Identifier: GPL-2.0-only

import re
from dataclasses import dataclass

HELP = """\
KEYS is a list of steps separated by ';'. A step is
    REGEX=>TEXT   waits until the screen or COM1 shows REGEX, then types TEXT;
    TEXT          types TEXT when the screen has shown the same text for five seconds.
In TEXT, \\n is Enter, \\t Tab, \\e Escape, \\b Backspace; \\; \\< \\\\ stand for themselves;
<up>, <f1>, <ctrl-c>, <alt-f2>, <shift-tab> are keys (names: see tests/run/keys.py).
The keyboard is a US one."""

# X keysyms.
_NAMED = {
    "enter": 0xFF0D, "tab": 0xFF09, "esc": 0xFF1B, "bs": 0xFF08, "space": 0x20,
    "home": 0xFF50, "left": 0xFF51, "up": 0xFF52, "right": 0xFF53, "down": 0xFF54,
    "pgup": 0xFF55, "pgdn": 0xFF56, "end": 0xFF57, "ins": 0xFF63, "del": 0xFFFF,
    **{f"f{number}": 0xFFBE + number - 1 for number in range(1, 13)},
}  # fmt: skip
_MODIFIERS = {"shift": 0xFFE1, "ctrl": 0xFFE3, "alt": 0xFFE9}
_ESCAPES = {"n": "enter", "t": "tab", "e": "esc", "b": "bs"}
_LITERAL_ESCAPES = ";<\\"
_SHIFTED = '~!@#$%^&*()_+{}|:"<>?'


class KeysError(Exception):
    """KEYS cannot be understood; the text says why, for the user."""


@dataclass(frozen=True)
class Step:
    """`pattern` is what to wait for (None: a screen at rest), `events` what to do then: pairs of
    X keysym and pressed (1) or released (0)."""

    pattern: re.Pattern | None
    events: tuple


def parse(text):
    """Return the Steps of KEYS, in order. Raises KeysError."""
    return [_step(part) for part in _split(text) if part]


def _split(text):
    """Split at ';', but for '\\;'."""
    return re.findall(r"(?:\\.|[^;\\]|\\$)+", text, re.DOTALL)


def _step(part):
    condition, arrow, typed = part.partition("=>")
    if not arrow:
        return Step(None, tuple(_events(part)))
    try:
        pattern = re.compile(condition.strip(), re.MULTILINE)
    except re.error as error:
        raise KeysError(f"KEYS: '{condition.strip()}' is no regular expression: {error}") from error
    return Step(pattern, tuple(_events(typed)))


def _events(typed):
    position = 0
    while position < len(typed):
        character = typed[position]
        if character == "\\":
            position += 1
            escaped = typed[position : position + 1]
            if escaped in _ESCAPES:
                yield from _press([_NAMED[_ESCAPES[escaped]]])
            elif escaped and escaped in _LITERAL_ESCAPES:
                yield from _character(escaped)
            else:
                raise KeysError(f"KEYS: '\\{escaped}' means nothing")
        elif character == "<":
            end = typed.find(">", position)
            if end < 0:
                raise KeysError(f"KEYS: '{typed[position:]}' has no '>'; '\\<' types a '<'")
            yield from _named(typed[position + 1 : end])
            position = end
        else:
            yield from _character(character)
        position += 1


def _named(name):
    *modifiers, key = name.lower().split("-")
    keysyms = []
    for modifier in modifiers:
        if modifier not in _MODIFIERS:
            raise KeysError(f"KEYS: '<{name}>': no modifier '{modifier}'")
        keysyms.append(_MODIFIERS[modifier])
    if key in _NAMED:
        keysyms.append(_NAMED[key])
    elif len(key) == 1 and key.isalnum() and key.isascii():
        keysyms.append(ord(key))
    else:
        raise KeysError(f"KEYS: '<{name}>': no key '{key}'")
    yield from _press(keysyms)


def _character(character):
    if not " " <= character <= "~":
        raise KeysError(f"KEYS: {character!r} is on no key")
    keysyms = [ord(character)]
    if character.isupper() or character in _SHIFTED:
        keysyms.insert(0, _MODIFIERS["shift"])
    yield from _press(keysyms)


def _press(keysyms):
    for keysym in keysyms:
        yield keysym, 1
    for keysym in reversed(keysyms):
        yield keysym, 0
