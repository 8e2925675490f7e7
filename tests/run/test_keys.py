"""Tests of the KEYS language.
Not here: typing into a guest (test_session.py)."""
# SPDX-License-Identifier: GPL-2.0-only

import unittest

import keys

ENTER, SHIFT, CTRL, ALT = 0xFF0D, 0xFFE1, 0xFFE3, 0xFFE9


def taps(*keysyms):
    """Each key pressed and released before the next."""
    return tuple(event for keysym in keysyms for event in ((keysym, 1), (keysym, 0)))


class Parse(unittest.TestCase):
    def events(self, text):
        (step,) = keys.parse(text)
        return step.events

    def test_plain_text(self):
        self.assertEqual(self.events("ab\\n"), taps(ord("a"), ord("b"), ENTER))

    def test_steps_and_patterns(self):
        first, second = keys.parse("boot: => x;\nlogin=>y")
        self.assertEqual((first.pattern.pattern, first.events), ("boot:", taps(ord(" "), ord("x"))))
        self.assertEqual((second.pattern.pattern, second.events), ("login", taps(ord("y"))))

    def test_nothing(self):
        self.assertEqual(keys.parse(""), [])

    def test_escapes(self):
        self.assertEqual(self.events(r"\;\<\\\t"), self.events(r"\;") + self.events(r"\<\\<tab>"))
        self.assertEqual(self.events(r"\;"), taps(ord(";")))

    def test_shifted_characters(self):
        shifted = ((SHIFT, 1), (ord("A"), 1), (ord("A"), 0), (SHIFT, 0))
        self.assertEqual(self.events("A"), shifted)
        self.assertEqual(self.events("(")[0], (SHIFT, 1))
        self.assertEqual(self.events("-="), taps(ord("-"), ord("=")))

    def test_modifiers_enclose_the_key(self):
        self.assertEqual(
            self.events("<ctrl-alt-del>"),
            ((CTRL, 1), (ALT, 1), (0xFFFF, 1), (0xFFFF, 0), (ALT, 0), (CTRL, 0)),
        )
        self.assertEqual(self.events("<F12>"), taps(0xFFC9))

    def test_refused(self):
        for text in (r"\q", "trailing\\", "<up", "<nokey>", "<hyper-a>", "(=>x", "ü", "<>"):
            with self.subTest(text), self.assertRaises(keys.KeysError):
                keys.parse(text)
