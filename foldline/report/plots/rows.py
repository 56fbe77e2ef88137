"""Where the rows went: dropped by which rule, into which fold."""

from __future__ import annotations

from typing import Any

from foldline.report.plots.canvas import BASELINE, CANDIDATE, GRID, HALF, INK, MUTED, beside, svg
from foldline.report.wording import count, plural, share


def dropped_rows(dropped: dict[str, int], rows_in: Any) -> str:
    """Rows dropped by each rule, in the rules' order."""
    rules = list(dropped)

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        places = range(len(rules))
        most = max([*dropped.values(), 1])
        axes.barh(places, list(dropped.values()), color=BASELINE, alpha=0.8, height=0.56)
        for place, rule in enumerate(rules):
            part = count(dropped[rule]) + (f" · {share(dropped[rule] / rows_in)}" if rows_in else "")
            beside(axes, dropped[rule], place, part, color=INK)
        axes.set_yticks(places, rules, color=INK)
        axes.set_xlim(0, most * 1.42)
        _bars_only(axes)

    told = ", ".join(f"{rule} {count(number)}" for rule, number in dropped.items())
    return svg("dropped-rows", f"Rows dropped by rule: {told}", HALF, 46 + 34 * len(rules), draw)


def fold_sizes(shards: list[dict[str, Any]], holdout: dict[str, Any]) -> str:
    """Rows of every fold and of the hold-out, positives in the darker part."""
    parts = [(f"fold {shard['fold']}", shard["rows"], shard.get("positives"), CANDIDATE) for shard in shards]
    if holdout.get("rows"):
        parts.append(("hold-out", holdout["rows"], holdout.get("positives"), BASELINE))

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        most = max(rows for _, rows, _, _ in parts)
        for place, (_, rows, positives, colour) in enumerate(parts):
            axes.barh(place, rows, color=colour, alpha=0.3, height=0.62)
            text = count(rows)
            if positives is not None:
                axes.barh(place, positives, color=colour, alpha=0.9, height=0.62)
                text += f" · {share(positives / rows)} positive" if rows else ""
            beside(axes, rows, place, text, color=INK)
        axes.set_yticks(range(len(parts)), [name for name, *_ in parts], color=INK)
        axes.set_xlim(0, most * 1.62)
        _bars_only(axes)

    label = f"Rows in {plural(len(shards), 'fold')}: " + ", ".join(
        f"{name} {count(rows)}" for name, rows, *_ in parts
    )
    return svg("fold-sizes", label, HALF, 40 + 27 * len(parts), draw)


def _bars_only(axes: Any) -> None:
    """Bars that carry their own numbers need no scale; the first one is on top."""
    axes.invert_yaxis()
    axes.set_xticks([])
    axes.grid(visible=False)
    for side in ("bottom", "top", "right"):
        axes.spines[side].set_visible(False)
    axes.spines["left"].set_color(GRID)
    axes.tick_params(axis="y", labelcolor=MUTED)
