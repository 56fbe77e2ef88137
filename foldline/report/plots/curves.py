"""ROC, precision-recall and calibration on the hold-out rows."""

from __future__ import annotations

from typing import Any

from foldline.report.plots.canvas import BASELINE, CANDIDATE, INK, MUTED, SURFACE, svg
from foldline.report.wording import score

Points = list[list[float]]
SIDE = 350


def roc(
    candidate: Points, baseline: Points, areas: tuple[Any, Any], point: tuple[float, float] | None
) -> str:
    """True-positive over false-positive rate, candidate and baseline; the threshold in use as a ring."""

    def draw(figure: Any) -> None:
        axes = _square(figure, "false-positive rate", "true-positive rate")
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (2, 3)))
        _lines(axes, candidate, baseline, areas, "AUC")
        _ring(axes, point)
        axes.legend(loc="lower right", labelcolor=INK)

    label = f"ROC curve: AUC {score(areas[0])}, baseline {score(areas[1])}"
    return svg("roc", label, SIDE, SIDE, draw)


def precision_recall(
    candidate: Points,
    baseline: Points,
    areas: tuple[Any, Any],
    rate: float | None,
    point: tuple[float, float] | None,
) -> str:
    """Precision over recall; the dotted line is the share of positives, which guessing reaches."""

    def draw(figure: Any) -> None:
        axes = _square(figure, "recall", "precision")
        if rate is not None:
            axes.axhline(rate, color=MUTED, linewidth=1, linestyle=(0, (2, 3)))
        _lines(axes, candidate, baseline, areas, "AP")
        _ring(axes, point)
        axes.legend(loc="best", labelcolor=INK)

    label = f"Precision-recall curve: average precision {score(areas[0])}, baseline {score(areas[1])}"
    return svg("precision-recall", label, SIDE, SIDE, draw)


def calibration(bins: list[dict[str, Any]], brier: Any) -> str:
    """Share of positives over mean predicted probability, in bins of equal size."""
    predicted = [row["mean_predicted"] for row in bins]
    observed = [row["fraction_positive"] for row in bins]
    edge = min(1.0, 1.12 * max([*predicted, *observed, 0.05]))

    def draw(figure: Any) -> None:
        axes = _square(figure, "mean predicted probability", "share of positives")
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (2, 3)), label="perfect")
        look = {"linewidth": 2, "marker": "o", "markersize": 6.5, "markeredgecolor": SURFACE}
        axes.plot(predicted, observed, color=CANDIDATE, label=f"candidate, Brier {score(brier)}", **look)
        axes.set_xlim(-0.02 * edge, edge)
        axes.set_ylim(-0.02 * edge, edge)
        axes.legend(loc="upper left", labelcolor=INK)

    label = f"Calibration in {len(bins)} bins of equal size; Brier score {score(brier)}"
    return svg("calibration", label, SIDE, SIDE, draw)


def _square(figure: Any, xlabel: str, ylabel: str) -> Any:
    axes = figure.subplots()
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.01)
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    return axes


def _lines(axes: Any, candidate: Points, baseline: Points, areas: tuple[Any, Any], what: str) -> None:
    for points, name, colour, area in (
        (candidate, "candidate", CANDIDATE, areas[0]),
        (baseline, "baseline", BASELINE, areas[1]),
    ):
        if points:
            axes.plot(
                *zip(*points, strict=True), color=colour, linewidth=2, label=f"{name}, {what} {score(area)}"
            )


def _ring(axes: Any, point: tuple[float, float] | None) -> None:
    if point is not None:
        axes.scatter(
            *point,
            s=64,
            facecolor=SURFACE,
            edgecolor=CANDIDATE,
            linewidth=2,
            zorder=5,
            label="threshold in use",
        )
