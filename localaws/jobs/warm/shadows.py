"""Modules of a job that a new interpreter would import instead of those that are loaded already."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from importlib.machinery import all_suffixes

AT_START = {"sitecustomize", "usercustomize"}  # imported by a new interpreter before anything else


def shadowed(folders: Iterable[str]) -> bool:
    """Whether folders that come first on ``sys.path`` hold a loaded module, or what a new start imports."""
    loaded = {name.partition(".")[0] for name in sys.modules} - {"__main__"} | AT_START
    return any(name in loaded for folder in folders for name in _modules(folder))


def _modules(folder: str) -> Iterable[str]:
    """The names one can import from a folder; a loaded module's when it is no folder but, say, an archive."""
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return
    except OSError:
        yield "sys"
        return
    for entry in entries:
        suffix = next((suffix for suffix in all_suffixes() if entry.name.endswith(suffix)), None)
        if suffix is not None:
            yield entry.name.partition(".")[0]
        elif any(os.path.exists(f"{entry.path}/__init__{suffix}") for suffix in all_suffixes()):  # noqa: PTH110
            yield entry.name
