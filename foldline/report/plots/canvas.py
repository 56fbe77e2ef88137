"""A matplotlib figure as an inline SVG that takes its colours and its typeface from the page.

Figures are drawn in stand-in colours, which become CSS variables: one drawing serves light, dark and print.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from html import escape
from typing import Any

INK, MUTED, GRID, SURFACE = "#010a01", "#010a02", "#010a03", "#010a04"
CANDIDATE, BASELINE, GOOD, BAD = "#010a05", "#010a06", "#010a07", "#010a08"
VARIABLES = {
    INK: "--ink",
    MUTED: "--muted",
    GRID: "--grid",
    SURFACE: "--surface",
    CANDIDATE: "--candidate",
    BASELINE: "--baseline",
    GOOD: "--good",
    BAD: "--bad",
}
STYLE = {
    "svg.fonttype": "none",  # real text: the page's own typeface, selectable, small
    "font.family": "DejaVu Sans",  # wider than any system typeface, so what fits here fits there
    "font.size": 11,
    "text.parse_math": False,  # a column called a$b$c is a name, not a formula
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.labelsize": 11,
    "axes.edgecolor": GRID,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": GRID,
    "ytick.color": GRID,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.labelsize": 10.5,
    "ytick.labelsize": 10.5,
    "figure.facecolor": "none",
    "legend.frameon": False,
    "legend.fontsize": 10.5,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.major.pad": 6,
    "ytick.major.pad": 6,
}


HALF, WHOLE = 510, 1040
"""Widths in CSS pixels of a plot in half a row of the page and in a whole one."""


def beside(axes: Any, x: float, y: float, text: str, *, left: bool = False, **look: Any) -> None:
    """Write ``text`` next to a point, a few pixels away (SVG swallows leading spaces)."""
    axes.annotate(
        text,
        (x, y),
        xytext=(-5 if left else 5, 0),
        textcoords="offset points",
        ha="right" if left else "left",
        va="center",
        **look,
    )


def svg(name: str, label: str, width: int, height: int, draw: Callable[[Any], None]) -> str:
    """One plot as an ``<svg>`` element.

    Args:
        name: Unique on the page; keeps the plots' inner references apart.
        label: What a screen reader says: the plot's message with its numbers.
        width: CSS pixels at natural size; the page may shrink it.
        height: CSS pixels at natural size.
        draw: Draws on the figure it is given, in the stand-in colours.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    buffer = io.StringIO()
    with rc_context({**STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=(width / 72, height / 72), layout="constrained")
        draw(figure)
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(buffer, format="svg", metadata=nothing, transparent=True)
    return _inlined(buffer.getvalue(), label, width)


def _inlined(document: str, label: str, width: int) -> str:
    """The ``<svg>`` of a whole SVG document: no prolog, no ids but referenced ones, the page's colours."""
    body = document[document.index("<svg") :]
    view_box = re.search(r"viewBox=\"([^\"]*)\"", body)
    assert view_box is not None
    body = body[body.index(">") + 1 :]
    body = re.sub(r"\s*<defs>\s*<style.*?</style>\s*</defs>", "", body, count=1, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->\n?", "", body, flags=re.DOTALL)
    body = re.sub(r"<g id=\"[^\"]*\"", "<g", body)
    body = re.sub(r"font(?:-family)?: [^;\"]*'DejaVu Sans'[^;\"]*; ?", _font, body)
    body = re.sub(r" transform=\"rotate\(-?0 [^\"]*\"", "", body)
    body = re.sub(r" (?:d|x|y|transform)=\"[^\"]*\"", _rounded, body)
    body = body.replace("xlink:href=", "href=")
    for colour, variable in VARIABLES.items():
        body = body.replace(colour, f"var({variable})")
    box = f'viewBox="{view_box[1]}" style="max-width:{width}px"'
    return f'<svg role="img" aria-label="{escape(label)}" {box}>{body}'


def _font(match: re.Match[str]) -> str:
    """The size and weight of a ``font`` shorthand; the family is the page's."""
    found = re.match(r"font: (?:(bold|\d+) )?([\d.]+px)", match[0])
    if found is None:
        return ""
    return f"font-weight: {found[1]}; font-size: {found[2]}; " if found[1] else f"font-size: {found[2]}; "


def _rounded(match: re.Match[str]) -> str:
    """A geometry attribute on one line, to a hundredth of a pixel."""
    return re.sub(r"(\.\d\d)\d+", r"\1", re.sub(r"\s+", " ", match[0])).replace(' "', '"')
