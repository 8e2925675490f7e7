"""What the guest's display shows: text read from video memory, and a picture of it.
Not here: pictures of graphics modes, which Bochs itself draws (rfb.py)."""
# SPDX-License-Identifier: GPL-2.0-only

from dataclasses import dataclass

from PIL import Image

from machine import VIDEO_BIOS

TEXT_MEMORY_SIZE = 32 * 1024
_TEXT_MEMORY = {"2": 0xB0000}  # by the VGA's memory mapping; every other one shows B8000h
_COLOUR_TEXT_MEMORY = 0xB8000
_BIOS_PAGE_START = 0x44E  # BIOS data area: offset of the page on display
_DEFAULT_ROWS = 25
_GLYPH_WIDTH, _GLYPH_HEIGHT = 8, 16

# Code page 437, with what it draws for the control codes.
_LOW_GLYPHS = " ☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼"
_CHARACTERS = _LOW_GLYPHS + bytes(range(32, 127)).decode("cp437") + "⌂"
_CHARACTERS += bytes(range(128, 255)).decode("cp437") + " "

# The VGA's sixteen text colours as the BIOS sets them.
_COLOURS = (
    (0, 0, 0), (0, 0, 170), (0, 170, 0), (0, 170, 170),
    (170, 0, 0), (170, 0, 170), (170, 85, 0), (170, 170, 170),
    (85, 85, 85), (85, 85, 255), (85, 255, 85), (85, 255, 255),
    (255, 85, 85), (255, 85, 255), (255, 255, 85), (255, 255, 255),
)  # fmt: skip

# Rows of the glyphs A and B in the 8x16 font: they tell where it lies in the ROM.
_GLYPH_A = bytes.fromhex("000010386cc6c6fec6c6c6c600000000")
_GLYPH_B = bytes.fromhex("0000fc6666667c66666666fc00000000")


@dataclass(frozen=True)
class Screen:
    """One look at the display. `graphics` is (width, height) in a graphics mode, else None;
    `cells` the text memory (character, attribute), `start` the offset of the page on display."""

    graphics: tuple | None
    columns: int
    rows: int
    start: int
    cells: bytes

    def everything(self):
        """All text in the text memory, a line per row."""
        return "\n".join(self._lines(0, len(self.cells)))

    def window(self):
        """(first, end) offsets of what to show: the page on display, or all up to the last text
        when text lies elsewhere too, as it does when a console scrolls through the text
        memory."""
        page = (self.start, self.start + self.rows * self.columns * 2)
        outside = self._lines(0, page[0]) + self._lines(page[1], len(self.cells))
        if not any(outside):
            return page
        width = self.columns * 2
        used = [row for row, line in enumerate(self._lines(0, len(self.cells))) if line]
        return 0, (used[-1] + 1) * width

    def text(self):
        """The text to show, a line per row, without the blank rows at the end."""
        if self.graphics:
            width, height = self.graphics
            return f"[graphics mode, {width} x {height}]"
        return "\n".join(self._lines(*self.window())).rstrip("\n")

    def _lines(self, first, end):
        width = self.columns * 2
        return [
            "".join(_CHARACTERS[code] for code in self.cells[row : row + width : 2]).rstrip()
            for row in range(first, end - width + 1, width)
        ]

    def picture(self):
        """The text as an image, drawn with the video BIOS' 8x16 font, without a cursor."""
        first, end = self.window()
        width = self.columns * 2
        rows = max((end - first) // width, 1)
        image = Image.new("RGB", (self.columns * _GLYPH_WIDTH, rows * _GLYPH_HEIGHT))
        font = _font()
        drawn = {}
        for offset in range(first, end - 1, 2):
            cell = self.cells[offset : offset + 2]
            if cell not in drawn:
                drawn[cell] = _draw(font, *cell)
            row, column = divmod(offset - first, width)
            image.paste(drawn[cell], (column // 2 * _GLYPH_WIDTH, row * _GLYPH_HEIGHT))
        return image


def look(bochs):
    """Read the display of a machine that stands still."""
    vga = bochs.device("vga")
    core, extension = vga["vgacore"], vga["vbe"]
    mapping = core["graphics_ctrl"]["memory_mapping"]
    columns = int(core["line_offset"]) // 2
    if not 20 <= columns <= 264:  # not programmed yet
        columns = 80
    graphics = None
    if extension["enabled"] == "true":
        graphics = (int(extension["xres"]), int(extension["yres"]))
    elif core["graphics_ctrl"]["graphics_alpha"] == "true":
        graphics = (int(core["last_xres"]), int(core["last_yres"]))
    if graphics:
        # Reading video memory in a graphics mode would change the VGA's latches.
        return Screen(graphics, columns, _DEFAULT_ROWS, 0, b"")
    height = int(core["last_fh"])
    rows = (int(core["vertical_display_end"]) + 1) // height if height else _DEFAULT_ROWS
    memory = _TEXT_MEMORY.get(mapping, _COLOUR_TEXT_MEMORY)
    cells = bochs.read_physical(memory, TEXT_MEMORY_SIZE)
    start = int.from_bytes(bochs.read_physical(_BIOS_PAGE_START & ~3, 4)[2:], "little")
    page = rows * columns * 2
    if not 0 < page <= TEXT_MEMORY_SIZE:
        rows, page = _DEFAULT_ROWS, _DEFAULT_ROWS * columns * 2
    if start % 2 or start + page > TEXT_MEMORY_SIZE:
        start = 0  # no BIOS data area there any more
    return Screen(None, columns, rows, start, cells)


def _font():
    with open(VIDEO_BIOS, "rb") as file:
        rom = file.read()
    position = rom.find(_GLYPH_A + _GLYPH_B)
    first = position - ord("A") * _GLYPH_HEIGHT
    if position < 0 or first < 0:
        raise LookupError(f"{VIDEO_BIOS} holds no 8x16 font")
    return rom[first : first + 256 * _GLYPH_HEIGHT]


def _draw(font, code, attribute):
    """One cell: foreground in bits 3:0 of the attribute, background in 6:4, 7 blinks (not
    drawn)."""
    glyph = font[code * _GLYPH_HEIGHT : (code + 1) * _GLYPH_HEIGHT]
    mask = Image.frombytes("1", (_GLYPH_WIDTH, _GLYPH_HEIGHT), glyph)
    cell = Image.new("RGB", mask.size, _COLOURS[attribute >> 4 & 7])
    cell.paste(_COLOURS[attribute & 15], (0, 0), mask)
    return cell
