"""Scores over the folds: how good, how sure, and by how much better than the baseline."""

from __future__ import annotations

from typing import Any

from foldline.report.plots.canvas import BASELINE, CANDIDATE, HALF, INK, MUTED, SURFACE, beside, svg
from foldline.report.wording import is_number, metric, plain, plural, signed, spread
from foldline.runs import Scores


def fold_scores(candidate: Scores, baseline: Scores | None) -> str:
    """Boxplots of the scores over the folds, with every fold as a point and pairs of one fold joined."""
    sides = [("baseline", baseline, BASELINE)] if baseline else []
    sides.append(("candidate", candidate, CANDIDATE))

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        for place, (_, scores, colour) in enumerate(sides):
            _box(axes, place, list(scores.by_fold), colour)
        if baseline and len(baseline.by_fold) == len(candidate.by_fold):
            for pair in zip(baseline.by_fold, candidate.by_fold, strict=True):
                axes.plot([0.24, 0.76], pair, color=MUTED, linewidth=0.9, alpha=0.55, zorder=1)
        ends = {0: 0.24, 1: 0.76} if baseline else {0: 0.24}
        for place, (_, scores, colour) in enumerate(sides):
            axes.scatter([ends[place]] * len(scores.by_fold), scores.by_fold, s=30, color=colour,
                         edgecolor=SURFACE, linewidth=1, zorder=4)  # fmt: skip
        axes.set_xlim(-0.45, len(sides) - 0.55)
        axes.set_xticks(
            range(len(sides)), [f"{name}\n{spread(s.mean, s.sd)}" for name, s, _ in sides], color=INK
        )
        axes.grid(visible=False, axis="x")
        axes.set_ylabel(metric(candidate.metric))
        axes.margins(y=0.12)

    told = "; ".join(f"{name} {spread(s.mean, s.sd)}" for name, s, _ in sides)
    label = f"Boxplot of {metric(candidate.metric)} over {plural(len(candidate.by_fold), 'fold')}: {told}"
    return svg("fold-scores", label, HALF, 330, draw)


def _box(axes: Any, place: float, values: list[float], colour: str) -> None:
    line = {"color": colour, "linewidth": 1.4}
    axes.boxplot(
        [values],
        positions=[place],
        widths=0.26,
        whis=(0, 100),
        patch_artist=True,
        manage_ticks=False,
        boxprops={"facecolor": colour, "alpha": 0.2, "edgecolor": colour, "linewidth": 1.4},
        medianprops={**line, "linewidth": 2.2},
        whiskerprops=line,
        capprops=line,
        zorder=2,
    )


def fold_differences(differences: list[float], margin: Any, name: str) -> str:
    """How much better the candidate is on each fold, beside the margin the gate asks for.

    Args:
        differences: By fold; positive is better, whatever the metric's direction.
        margin: What the mean has to reach, or None.
        name: The metric.
    """
    mean = sum(differences) / len(differences)

    marks = [(mean, f"mean {signed(mean)}", CANDIDATE, (0, (1, 1.5)))]
    if is_number(margin) and margin:
        marks.append((margin, f"margin {plain(margin)}", BASELINE, (0, (4, 3))))
    marks.sort(key=lambda mark: mark[0])

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        folds = range(len(differences))
        axes.hlines(folds, 0, differences, color=CANDIDATE, linewidth=2, alpha=0.45)
        axes.scatter(differences, folds, s=44, color=CANDIDATE, edgecolor=SURFACE, linewidth=1, zorder=4)
        axes.axvline(0, color=MUTED, linewidth=1)
        for place, (value, told, colour, dashes) in enumerate(marks):
            axes.axvline(value, color=colour, linewidth=1.4, linestyle=dashes)
            beside(axes, value, -0.75, told, left=place < len(marks) - 1, color=colour)
        axes.set_yticks(folds, [f"fold {fold}" for fold in folds])
        axes.set_ylim(len(differences) - 0.4, -1.1)
        low, high = min(0.0, *differences), max(0.0, marks[-1][0], *differences)
        axes.set_xlim(low - 0.03 * (high - low), high + 0.06 * ((high - low) or 1))
        axes.grid(visible=False, axis="y")
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(f"{metric(name)} gained over the baseline")

    label = f"{metric(name)} gained over the baseline by fold: mean {signed(mean)}, margin {plain(margin)}"
    return svg("fold-differences", label, HALF, 330, draw)
