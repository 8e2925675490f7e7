"""The report of `make check-boot`: report.html and summary.svg, from what the runs left.
Not here: the runs (check_boot.py). Rendering again costs nothing: `check_boot.py --render`."""
# SPDX-License-Identifier: GPL-2.0-only

import html
import json
import os
from dataclasses import dataclass

from ladder import BARE, POLICY_ABIS

_MILLION = 10**6

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 88em; padding: 0 1em;
       color: #1c2430; background: #fff; }
h1 { font-size: 1.6em; margin-bottom: 0; } h2 { margin-top: 2.2em; }
table { border-collapse: collapse; margin: .8em 0; }
th, td { padding: .25em .7em; border-bottom: 1px solid #d8dde5; text-align: right; }
th { font-weight: 600; color: #4a5568; vertical-align: bottom; }
th:first-child, td:first-child, .text { text-align: left; }
.pass { color: #13733c; font-weight: 600; } .fail { color: #b3261e; font-weight: 600; }
.screens { display: flex; flex-wrap: wrap; gap: 1em; }
figure { margin: 0; } figcaption { font-size: 13px; color: #4a5568; }
img { max-width: 26em; border: 1px solid #aab2bf; }
details { margin: .4em 0; } .note { color: #4a5568; max-width: 60em; }
"""

_EXPLANATION = """
<p class="note">All figures are instructions that the machine has executed, in millions; Bochs
counts each iteration of a REP instruction, and goes on counting while the processor halts. They do
not depend on the host. <b>Halted</b>: the processor was in HLT (sampled). <b>Delay loops</b>: it
waited for something that comes with the clock, by polling. The same boot with half as many
instructions a second tells waiting from working: what does not depend on the clock takes the same
number of instructions, what waits takes half as many. <b>Work</b> is the rest, and the <b>price</b>
is the work assisted divided by the work bare.</p>
"""


@dataclass(frozen=True)
class Cost:
    """Instructions of one boot, apart. `delay` and `work` are None when it ran with one clock
    only."""

    ticks: int
    halted: int
    delay: int | None
    work: int | None

    @property
    def price_base(self):
        """What two boots are compared by."""
        return self.ticks - self.halted if self.work is None else self.work


def cost_of(result, half_clock):
    """The Cost of a run, given the same run at half the clock (None: there is none)."""
    ticks, halted = result["ticks"], result["halted"]
    if half_clock is None or not half_clock["passed"]:
        return Cost(ticks, halted, None, None)
    # Waiting takes `second` times as many instructions as seconds; work takes the same.
    ratio = result["second"] / half_clock["second"]
    waiting = round((ticks - half_clock["ticks"]) * ratio / (ratio - 1))
    waiting = max(min(waiting, ticks), 0)
    return Cost(ticks, min(halted, waiting), max(waiting - halted, 0), ticks - waiting)


def write(folder, media):
    """Write report.html and summary.svg of all results in `folder`; return the report's path."""
    results = _load(folder)
    rows = [row for medium in media for row in _rows(medium, results)]
    svg = _summary(rows)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "summary.svg"), "w", encoding="utf-8") as file:
        file.write(svg)
    path = os.path.join(folder, "report.html")
    with open(path, "w", encoding="utf-8") as file:
        file.write(_page(media, results, rows, svg, folder))
    return path


def _load(folder):
    """All results, by (medium, ABI, clock is full, policy)."""
    results = {}
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
        path = os.path.join(folder, name, "result.json")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                result = json.load(file)
            result["folder"] = name
            key = (result["medium"], result["abi"], "half-clock" not in name, result["policy"])
            results[key] = result
    return results


@dataclass(frozen=True)
class Row:
    """One line of the table: a medium under an ABI, with the bare run beside it."""

    medium: object
    result: dict
    cost: Cost | None
    bare: Cost | None

    @property
    def price(self):
        """How many times the bare run's work the assisted one takes; None when it is not known."""
        if not (self.cost and self.bare and self.bare.price_base):
            return None
        if (self.cost.work is None) != (self.bare.work is None):
            return None
        return self.cost.price_base / self.bare.price_base


def _cost(results, name, abi, policy=True):
    result = results.get((name, abi, True, policy))
    if not result or not result["passed"]:
        return None
    return cost_of(result, results.get((name, abi, False, policy)))


def _rows(medium, results):
    bare = _cost(results, medium.name, BARE)
    for abi in (BARE, *medium.abis):
        result = results.get((medium.name, abi, True, True))
        if result:
            yield Row(medium, result, _cost(results, medium.name, abi), bare)


def _millions(number):
    return "" if number is None else f"{number / _MILLION:,.1f}"


def _count(counts, *names):
    values = [counts[name] for name in names if name in counts]
    return f"{sum(values):,}" if values else ""


def _verdict(result):
    if result["passed"]:
        return '<span class="pass">pass</span>'
    return f'<span class="fail">fail</span> {html.escape(result.get("ending", ""))}'


def _line(cells, tag="td"):
    return "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>\n"


def _switches(counts):
    return _count(counts, "INVOKE", "RESTORE", "ENTER", "RETURNED")


def _table(rows):
    head = (
        "medium", "ABI", "", "instructions", "halted", "delay loops", "work", "price", "hand-offs",
        "world switches", "interpreted", "in the guest", "in the blob", "VM exits",
    )  # fmt: skip
    text = "<table>\n" + _line(head, "th")
    for row in rows:
        counts = row.result.get("statistics") or {}
        cost = row.cost
        assisted = row.result["abi"] != BARE
        text += _line(
            (
                f'<a href="#{row.medium.name}">{row.medium.name}</a>',
                row.result["abi"],
                _verdict(row.result),
                _millions(row.result.get("ticks")),
                _millions(cost and cost.halted),
                _millions(cost and cost.delay),
                _millions(cost and cost.work),
                f"{row.price:.1f}" if assisted and row.price else "",
                _count(counts, "blob handoffs"),
                _switches(counts),
                _millions(counts.get("blob interpreted_instructions")),
                _millions(counts.get("guest_ticks")),
                _millions(counts.get("blob_ticks")),
                _count(counts, "exits"),
            )
        )
    return text + "</table>\n"


def _policy_table(media, results):
    text = ""
    for medium in media:
        for abi in POLICY_ABIS if medium.compares_policy else ():
            for policy in (True, False):
                result = results.get((medium.name, abi, True, policy))
                if not result or not result.get("statistics"):
                    continue
                counts = result["statistics"]
                text += _line(
                    (
                        medium.name,
                        abi,
                        "on" if policy else "off",
                        _verdict(result),
                        _count(counts, "blob handoffs"),
                        _switches(counts),
                        _millions(counts.get("blob interpreted_instructions")),
                        _millions(result["ticks"]),
                    )
                )
    if not text:
        return ""
    head = (
        "medium", "ABI", "policy", "", "hand-offs", "world switches", "interpreted", "instructions",
    )  # fmt: skip
    return f"<h2>The policy</h2>\n<table>\n{_line(head, 'th')}{text}</table>\n"


def _exits(result):
    counts = result.get("statistics") or {}
    reasons = {
        name.removeprefix("exit "): value
        for name, value in counts.items()
        if name.startswith("exit ")
    }
    if not reasons:
        return ""
    lines = "".join(
        _line((html.escape(name), f"{value:,}"))
        for name, value in sorted(reasons.items(), key=lambda item: -item[1])
    )
    return (
        f"<details><summary>VM exits, ABI {result['abi']}</summary><table>{lines}</table></details>\n"
    )


def _screens(medium, results, folder):
    text = ""
    for key, result in results.items():
        picture = os.path.join(result["folder"], "screen.png")
        if key[0] != medium.name or not key[2] or not key[3]:
            continue
        if os.path.exists(os.path.join(folder, picture)):
            caption = f"{result['abi']}: {_verdict(result)}"
            text += (
                f'<figure><img src="{picture}" alt="screen" loading="lazy">'
                f"<figcaption>{caption}</figcaption></figure>\n"
            )
    return f'<div class="screens">\n{text}</div>\n'


def _failure(result, folder):
    path = os.path.join(result["folder"], "failure.txt")
    if not os.path.exists(os.path.join(folder, path)):
        return ""
    return f'<p class="fail"><a href="{path}">what the failure left, ABI {result["abi"]}</a></p>\n'


def _page(media, results, rows, svg, folder):
    body = "<h1>The ladder: real loaders from reset to their prompt</h1>\n"
    passed = sum(result["passed"] for result in results.values())
    body += f"<p>{passed} of {len(results)} boots reached what they had to show.</p>\n"
    body += svg + _table(rows) + _EXPLANATION + _policy_table(media, results)
    for medium in media:
        mine = [result for key, result in results.items() if key[0] == medium.name]
        if mine:
            body += f'<h2 id="{medium.name}">{medium.name}: {html.escape(medium.shows)}</h2>\n'
            body += f"<p>must show <code>{html.escape(medium.until)}</code></p>\n"
            body += "".join(_failure(result, folder) for result in mine)
            body += _screens(medium, results, folder)
            body += "".join(
                _exits(result) for key, result in results.items() if key[0] == medium.name and key[2]
            )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>hvmassist: the ladder</title><style>{_STYLE}</style></head>\n"
        f"<body>\n{body}</body></html>\n"
    )


def _summary(rows):
    """A picture: the price of each medium under each ABI, as bars."""
    bars = [row for row in rows if row.result["abi"] != BARE and row.price]
    if not bars:
        return ""
    left, height, width = 170, 20, 900
    most = max(row.price for row in bars)
    scale = (width - left - 70) / most
    colours = {"3.2": "#2f6f9f", "3.1": "#7a9cb8", "hypercall": "#c77b30"}
    parts = []
    for number, row in enumerate(bars):
        top = 30 + number * height
        length = max(row.price * scale, 1)
        parts.append(
            f'<text x="{left - 8}" y="{top + 14}" text-anchor="end">'
            f"{row.medium.name} {row.result['abi']}</text>"
            f'<rect x="{left}" y="{top + 3}" width="{length:.1f}" height="{height - 6}"'
            f' fill="{colours[row.result["abi"]]}"/>'
            f'<text x="{left + length + 6:.1f}" y="{top + 14}">{row.price:.1f}</text>'
        )
    bottom = 40 + len(bars) * height
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{bottom}"'
        ' font-family="system-ui, sans-serif" font-size="13" fill="#1c2430">\n'
        '<rect width="100%" height="100%" fill="#fff"/>\n'
        f'<text x="{left}" y="18" font-weight="600">'
        "instructions of the machine, assisted / bare, without waiting</text>\n"
        + "\n".join(parts)
        + "\n</svg>\n"
    )
