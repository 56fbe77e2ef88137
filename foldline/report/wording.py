"""Numbers, times and names as people read them; shared by the report, the live display and the summary.

Every function takes any JSON value and answers ``–`` for one that is not there.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

MISSING = "–"
METRICS = {
    "roc_auc": "ROC AUC",
    "average_precision": "Average precision",
    "log_loss": "Log loss",
    "brier_score": "Brier score",
    "accuracy": "Accuracy",
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
}
LOWER_IS_BETTER = frozenset({"log_loss", "brier_score"})


def is_number(value: Any) -> bool:
    """Whether ``value`` is an integer or a float (a boolean is none)."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def count(value: Any) -> str:
    """A whole number with separators: ``328,521``."""
    return f"{value:,.0f}" if is_number(value) else MISSING


def score(value: Any) -> str:
    """A metric to four digits: ``0.7412``."""
    return f"{value:.4f}" if is_number(value) else MISSING


def signed(value: Any) -> str:
    """A difference with its sign: ``+0.0812`` or ``−0.0034``."""
    return f"{value:+.4f}".replace("-", "−") if is_number(value) else MISSING


def spread(mean: Any, sd: Any) -> str:
    """A mean and its standard deviation: ``0.7412 ± 0.0049``."""
    return f"{score(mean)} ± {score(sd)}" if is_number(sd) else score(mean)


def share(value: Any) -> str:
    """A share of one as a percentage: ``12.3 %``."""
    if not is_number(value):
        return MISSING
    percent = 100 * value
    if 0 < percent < 0.01:
        return "< 0.01 %"
    return f"{percent:.2f} %" if 0 < abs(percent) < 1 else f"{percent:.1f} %"


def duration(seconds: Any) -> str:
    """Seconds as ``0.42 s``, ``4.2 s``, ``42 s``, ``2 min 24 s`` or ``1 h 5 min``."""
    if not is_number(seconds):
        return MISSING
    if seconds < 1:
        return f"{seconds:.2f} s"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    minutes = round(whole / 60)
    return f"{minutes // 60} h {minutes % 60} min"


def size(value: Any) -> str:
    """Bytes as ``612 B``, ``31.2 kB``, ``8.4 MB``."""
    if not is_number(value):
        return MISSING
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def moment(iso: Any) -> str:
    """An ISO 8601 time as ``2026-01-05 06:00:12 UTC``."""
    found = instant(iso)
    return found.strftime("%Y-%m-%d %H:%M:%S UTC") if found else MISSING


def instant(iso: Any) -> datetime | None:
    """The time in ``iso``, in UTC; None when it is no ISO 8601 text. A time without a zone is UTC."""
    try:
        found = datetime.fromisoformat(iso)
    except (TypeError, ValueError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def plain(value: Any) -> str:
    """Any JSON scalar in a table cell: ``1,204``, ``0.1437``, ``yes``, ``–``; a list by its items."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}".replace("-", "−")
    if isinstance(value, float):
        told = f"{value:,.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value:.4g}"
        return "−" + told[1:] if told.startswith("-") else told
    if isinstance(value, list | tuple):
        return ", ".join(plain(item) for item in value)
    return str(value) if isinstance(value, str) and value else MISSING


def metric(name: Any) -> str:
    """A metric's name in a headline: ``roc_auc`` is ``ROC AUC``."""
    return METRICS.get(name, name.replace("_", " ")) if isinstance(name, str) else MISSING


def plural(number: int, noun: str, many: str = "") -> str:
    """``1 fold``, ``5 folds``; ``many`` is the irregular plural."""
    return f"{number:,} {noun if number == 1 else many or noun + 's'}"
