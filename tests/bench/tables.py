"""The tables of a comparison: rates and ratios, as rows of cells, for a terminal or for Markdown.
Not here: measuring (bench.py), the picture (chart.py)."""
# SPDX-License-Identifier: GPL-2.0-only


def value_text(value, unit):
    """A rate in its unit, with three significant digits."""
    scaled = value / (1e9 if unit == "GB/s" else 1e6)
    if scaled >= 99.95:
        return f"{scaled:,.0f}"
    if scaled >= 9.995:
        return f"{scaled:.1f}"
    return f"{scaled:.2f}"


def rates(result, spread=True):
    """Rows of the table of rates, with their spread if wanted; the first row is the head."""
    yield ["", *(peer["title"] for peer in result["peers"])]
    for workload in result["workloads"]:
        yield [
            workload["name"],
            *(_rate(result, workload, peer, spread) for peer in result["peers"]),
        ]


def ratios(result):
    """Rows of the table of ours divided by theirs."""
    others = [peer for peer in result["peers"] if peer["name"] != "ours"]
    yield ["", *(peer["title"] for peer in others)]
    for workload in result["workloads"]:
        cells = [result["ratios"].get(f"{workload['name']} {peer['name']}") for peer in others]
        if any(cells):
            yield [
                workload["name"],
                *("-" if ratio is None else f"{ratio:.2f}x" for ratio in cells),
            ]


def text(rows):
    """Lines for a terminal."""
    rows = list(rows)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        yield "  ".join(cells)


def markdown(rows):
    """Lines for Markdown."""
    head, *rows = rows
    yield "| " + " | ".join(head) + " |"
    yield "| --- |" + " ---: |" * (len(head) - 1)
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def _rate(result, workload, peer, spread):
    rate = result["rates"].get(f"{workload['name']} {peer['name']}")
    if rate is None:
        return "-"
    value = value_text(rate["median"], workload["unit"])
    return f"{value} +-{rate['spread']:3.0%}" if spread else value
