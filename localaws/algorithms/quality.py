"""The lines by which AWS's algorithms report how good a model is; its metric definitions read them."""

from __future__ import annotations

from collections.abc import Mapping


def quality(host: str, where: str, metrics: Mapping[str, float], kind: str = "loss") -> None:
    """Print a line for each metric: ``#quality_metric: host=algo-1, test rmse <loss>=0.5``.

    Args:
        host: This host.
        where: The channel, after ``epoch=3, `` for one epoch's.
        metrics: Values by name.
        kind: ``loss`` or ``score``.
    """
    for name, value in metrics.items():
        say(f"#quality_metric: host={host}, {where} {name} <{kind}>={value:.12g}")


def progress(host: str, done: int, epochs: int) -> None:
    """Print how far the training is."""
    say(f"#progress_metric: host={host}, completed {100 * done / epochs:g} % of epochs")


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)  # noqa: T201
