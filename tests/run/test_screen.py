"""Tests of reading and drawing the text screen.
Not here: Bochs' own pictures."""
# SPDX-License-Identifier: GPL-2.0-only

import unittest

import screen


def text_screen(rows, start=0):
    """An 80x25 screen with these texts by row number of the text memory, light grey on black."""
    cells = bytearray(b"\x20\x07" * (screen.TEXT_MEMORY_SIZE // 2))
    for row, text in rows.items():
        for column, code in enumerate(text):
            cells[(row * 80 + column) * 2] = code
    return screen.Screen(None, 80, 25, start, bytes(cells))


class Text(unittest.TestCase):
    def test_blank_rows_at_the_end_are_dropped(self):
        self.assertEqual(text_screen({1: b"hello"}).text(), "\nhello")

    def test_code_page_437(self):
        self.assertEqual(text_screen({0: b"\xc9\xcd\x18\x00x"}).text(), "╔═↑ x")

    def test_console_that_scrolls_through_text_memory_is_shown_whole(self):
        shown = text_screen({0: b"first", 40: b"last"}).text()
        self.assertEqual((shown.splitlines()[0], shown.splitlines()[-1]), ("first", "last"))

    def test_page_on_display(self):
        page = 25 * 160
        self.assertEqual(text_screen({25: b"second page"}, start=page).text(), "second page")

    def test_everything_is_searched(self):
        self.assertIn("last", text_screen({100: b"last"}).everything())

    def test_graphics(self):
        self.assertIn("640 x 480", screen.Screen((640, 480), 80, 25, 0, b"").text())


class Picture(unittest.TestCase):
    def test_size_and_colours(self):
        picture = text_screen({0: b"\xdb"}).picture()  # a full block
        self.assertEqual(picture.size, (640, 400))
        self.assertEqual(picture.getpixel((0, 0)), (170, 170, 170))
        self.assertEqual(picture.getpixel((8, 0)), (0, 0, 0))

    def test_glyph(self):
        picture = text_screen({0: b"A"}).picture()
        row = [picture.getpixel((x, 2)) != (0, 0, 0) for x in range(8)]
        self.assertEqual(row, [bool(0x10 >> (7 - x) & 1) for x in range(8)])
