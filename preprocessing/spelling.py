"""The nearest known name to a misspelt one, for error messages. Container side: standard library only."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def suggestion(name: str, known: Iterable[str]) -> str:
    """Words to mend ``name`` with: the nearest of the known names, or all of them when none is near."""
    names = sorted(known)
    lowered = {candidate.lower(): candidate for candidate in names}
    near = difflib.get_close_matches(name.lower(), list(lowered), n=1, cutoff=0.6)
    if near:
        return f"did you mean {lowered[near[0]]!r}?"
    return "known: " + ", ".join(names) if names else "none is known"
