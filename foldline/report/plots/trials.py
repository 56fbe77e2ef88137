"""Trials: how each scored, and where in the search space the good ones lie."""

from __future__ import annotations

import math
from typing import Any

from foldline.report.plots.canvas import CANDIDATE, GRID, HALF, INK, MUTED, SURFACE, WHOLE, svg
from foldline.report.wording import is_number, metric, plain, plural, score, spread


def trial_scores(trials: list[dict[str, Any]], best: Any, name: str) -> str:
    """Mean score of each trial with one standard deviation over the folds; the best is filled."""

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        for trial in trials:
            chosen = trial["number"] == best
            colour = CANDIDATE if chosen else MUTED
            axes.errorbar(trial["number"], trial["mean"], yerr=trial.get("sd") or 0, color=colour, capsize=3,
                          linewidth=1.6, zorder=3)  # fmt: skip
            folds = [value for value in trial.get("scores") or () if value is not None]
            axes.scatter([trial["number"]] * len(folds), folds, s=9, color=colour, alpha=0.45, linewidth=0)
            axes.scatter(trial["number"], trial["mean"], s=64 if chosen else 40, zorder=4, edgecolor=colour,
                         facecolor=colour if chosen else SURFACE, linewidth=1.6)  # fmt: skip
            if chosen:
                axes.axhline(trial["mean"], color=CANDIDATE, linewidth=0.9, linestyle=(0, (1, 2)))
        numbers = [trial["number"] for trial in trials]
        step = max(1, math.ceil(len(numbers) / 12))
        axes.set_xticks(range(min(numbers), max(numbers) + 1, step))
        axes.set_xlim(min(numbers) - 0.6, max(numbers) + 0.6)
        axes.grid(visible=False, axis="x")
        axes.set_xlabel("trial")
        axes.set_ylabel(f"{metric(name)}, mean ± sd")

    found = next((trial for trial in trials if trial["number"] == best), trials[0])
    told = spread(found["mean"], found.get("sd"))
    label = (
        f"{metric(name)} of {plural(len(trials), 'trial')}; the best is trial {found['number']} with {told}"
    )
    return svg("trial-scores", label, HALF if fits_half(trials) else WHOLE, 330, draw)


def parallel_coordinates(trials: list[dict[str, Any]], best: Any, name: str, direction: str) -> str:
    """Every trial as a line through its hyperparameters to its score: the better, the stronger the line."""
    names = varied(trials)
    columns = [[trial["hyperparameters"].get(one) for trial in trials] for one in names]
    scales = [Scale(values) for values in columns] + [Scale([trial["mean"] for trial in trials])]
    ranked = sorted(trials, key=lambda trial: trial["mean"], reverse=direction != "minimize")
    rank = {trial["number"]: place for place, trial in enumerate(ranked)}

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        for trial in reversed(ranked):
            values = [*(trial["hyperparameters"].get(one) for one in names), trial["mean"]]
            heights = [scale.height(value) for scale, value in zip(scales, values, strict=True)]
            chosen = trial["number"] == best
            strength = 0.75 - 0.55 * rank[trial["number"]] / max(1, len(trials) - 1)
            look: dict[str, Any] = {"color": MUTED, "linewidth": 1.4, "alpha": strength, "zorder": 2}
            if chosen:
                look = {"color": CANDIDATE, "linewidth": 2.6, "zorder": 4}
            axes.plot(range(len(scales)), heights, marker="o", markersize=4, **look)
        for place, scale in enumerate(scales):
            axes.axvline(place, color=GRID, linewidth=1.2, zorder=1)
            for height, text in scale.ticks():
                axes.text(place, height + (0.045 if height > 0.5 else -0.045), text, ha="center", fontsize=10,
                          va="bottom" if height > 0.5 else "top", color=MUTED)  # fmt: skip
        axes.set_xticks(range(len(scales)), [*names, metric(name)], color=INK)
        axes.set_ylim(-0.16, 1.16)
        axes.set_xlim(-0.45, len(scales) - 0.55)
        axes.set_yticks([])
        axes.grid(visible=False)
        for spine in axes.spines.values():
            spine.set_visible(False)

    told = f"the best is trial {best} with {score(ranked[0]['mean'])}"
    label = f"Trials by {', '.join(names)} and {metric(name)}; {told}"
    return svg("trial-parameters", label, HALF if fits_half(trials) else WHOLE, 330, draw)


def fits_half(trials: list[dict[str, Any]]) -> bool:
    """Whether the plots of these trials are readable in half a row of the page."""
    names = varied(trials)
    return len(names) <= 4 and max(map(len, names), default=0) <= 17 and len(trials) <= 24


def varied(trials: list[dict[str, Any]]) -> list[str]:
    """Names of the hyperparameters that differ between the trials, in the order the trials spell them."""
    names = dict.fromkeys(name for trial in trials for name in trial.get("hyperparameters", {}))
    return [
        name
        for name in names
        if any(
            t.get("hyperparameters", {}).get(name) != trials[0]["hyperparameters"].get(name) for t in trials
        )
    ]


class Scale:
    """One axis of parallel coordinates: values to heights between 0 and 1.

    Numbers that span a factor of ten or more lie on a logarithmic scale; what is no number is spread by rank.
    """

    def __init__(self, values: list[Any]) -> None:
        self.numeric = all(is_number(value) for value in values)
        self.log = self.numeric and min(values) > 0 and max(values) / min(values) >= 10
        self.levels = sorted({str(value) for value in values})
        positions = [self._position(value) for value in values]
        self.low, self.high = min(positions), max(positions)
        self.values = values

    def _position(self, value: Any) -> float:
        if not self.numeric:
            return float(self.levels.index(str(value)))
        return math.log(value) if self.log else float(value)

    def height(self, value: Any) -> float:
        """Where ``value`` lies between the smallest (0) and the largest (1); 0.5 when all are equal."""
        if self.high == self.low:
            return 0.5
        return (self._position(value) - self.low) / (self.high - self.low)

    def ticks(self) -> list[tuple[float, str]]:
        """The ends of the axis with their text."""
        ends = sorted(set(self.values), key=self._position)
        return [(self.height(value), plain(value)) for value in dict.fromkeys((ends[0], ends[-1]))]
