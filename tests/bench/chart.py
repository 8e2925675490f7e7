"""Draws the rates as bars on a logarithmic scale, as SVG.
Not here: measuring (bench.py)."""
# SPDX-License-Identifier: GPL-2.0-only

import math
from xml.sax.saxutils import escape

from tables import value_text

# Ours stands out; the others are told apart by lightness, and by the order, which is the legend's.
_COLOURS = {
    "ours": "#c2410c",
    "native": "#334155",
    "qemu": "#0f766e",
    "quiet": "#5eead4",
    "bochs": "#6d28d9",
    "unicorn": "#60a5fa",
    "x86emu": "#a8a29e",
}
_FONT = "font-family='DejaVu Sans, Verdana, sans-serif'"
_BAR, _GAP = 17, 26  # width of a bar, and between groups
_LEFT, _TOP, _HEIGHT, _BOTTOM, _BETWEEN = 62, 92, 300, 54, 76


def draw(result):
    """The picture of bench.py's result: one panel for each unit."""
    parts, x = [], _LEFT
    for unit, title in (
        ("MIPS", "million guest instructions per second"),
        ("GB/s", "gigabytes per second"),
    ):
        workloads = [
            workload
            for workload in result["workloads"]
            if workload["unit"] == unit and _bars(result, workload, 1)[1:]
        ]
        if not workloads:
            continue
        panel, width = _panel(result, workloads, unit, title, x)
        parts += panel
        x += width + _BETWEEN
    width = max(x - _BETWEEN + 16, 640)
    height = _TOP + _HEIGHT + _BOTTOM
    head = [
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}'"
        f" viewBox='0 0 {width} {height}' {_FONT}>",
        f"<rect width='{width}' height='{height}' fill='white'/>",
        _text(16, 26, "Real-mode code, interpreted and not", 16, "bold"),
        _text(
            16,
            46,
            f"logarithmic scale; {result['processor']}; medians of {result['rounds']} rounds",
            11,
        ),
        *_legend(result),
    ]
    return "\n".join([*head, *parts, "</svg>", ""])


def _bars(result, workload, scale):
    """(peer, rate / scale) of everybody who ran it."""
    return [
        (peer["name"], result["rates"][key]["median"] / scale)
        for peer in result["peers"]
        if (key := f"{workload['name']} {peer['name']}") in result["rates"]
    ]


def _panel(result, workloads, unit, title, left):
    """The elements of one panel, and its width."""
    scale = 1e9 if unit == "GB/s" else 1e6
    groups = [(workload["name"], _bars(result, workload, scale)) for workload in workloads]
    values = [value for _, bars in groups for _, value in bars]
    lowest = math.floor(math.log10(min(values) * 0.9))
    highest = math.ceil(math.log10(max(values) * 1.1))
    bottom = _TOP + _HEIGHT

    def y_of(value):
        return bottom - (math.log10(value) - lowest) / (highest - lowest) * _HEIGHT

    width = sum(len(bars) * _BAR + _GAP for _, bars in groups)
    parts = []
    for power in range(lowest, highest + 1):
        y = y_of(10.0**power)
        parts.append(
            f"<line x1='{left}' x2='{left + width}' y1='{y:.1f}' y2='{y:.1f}' stroke='#d6d3d1'/>"
        )
        parts.append(_text(left - 6, y + 4, f"{10.0**power:,g}", 11, anchor="end"))
    middle = (_TOP + bottom) / 2
    parts.append(
        f"<text transform='translate({left - 46},{middle}) rotate(-90)' font-size='11'"
        f" text-anchor='middle' fill='#44403c'>{escape(title)}</text>"
    )
    x = left + _GAP / 2
    for name, bars in groups:
        parts.append(
            _text(x + len(bars) * _BAR / 2, bottom + 18, name, 12, "bold", anchor="middle")
        )
        for peer, value in bars:
            y = y_of(value)
            parts.append(
                f"<rect x='{x:.1f}' y='{y:.1f}' width='{_BAR - 2}' height='{bottom - y:.1f}'"
                f" fill='{_COLOURS[peer]}'/>"
            )
            parts.append(
                f"<text transform='translate({x + _BAR / 2 + 2:.1f},{y - 4:.1f}) rotate(-90)'"
                f" font-size='10' fill='#1c1917'>{value_text(value * scale, unit)}</text>"
            )
            x += _BAR
        x += _GAP
    parts.append(
        f"<line x1='{left}' x2='{left + width}' y1='{bottom}' y2='{bottom}' stroke='#44403c'/>"
    )
    return parts, width


def _legend(result):
    x = 16
    for peer in result["peers"]:
        yield f"<rect x='{x}' y='56' width='11' height='11' fill='{_COLOURS[peer['name']]}'/>"
        yield _text(x + 16, 66, peer["title"], 12)
        x += 34 + 7.5 * len(peer["title"])


def _text(x, y, text, size, weight="normal", anchor="start"):
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' font-size='{size}' font-weight='{weight}'"
        f" text-anchor='{anchor}' fill='#1c1917'>{escape(text)}</text>"
    )
