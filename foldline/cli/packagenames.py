"""Our top-level package names are common words: finds whoever else uses one of them here."""

from __future__ import annotations

import importlib.util
from importlib.metadata import packages_distributions
from pathlib import Path

import foldline
from foldline.stepfiles.problems import Problem

NAMES = ("foldline", "operators", "preprocessing", "training", "deploy", "localaws")
"""The top-level packages of this distribution."""


def name_problems(names: tuple[str, ...] = NAMES) -> list[Problem]:
    """Names that another distribution installs too, or that are found outside this one."""
    owners = packages_distributions()
    home = Path(foldline.__file__).resolve().parent.parent
    problems = []
    for name in names:
        others = sorted(set(owners.get(name, ())) - {"foldline"})
        if others:
            message = f"is also installed by {', '.join(others)}; uninstall it, or one hides the other"
            problems.append(Problem("installed packages", 0, name, message))
        found = _folder(name)
        if found is not None and found.parent != home:
            message = f"is found in {found}, which hides ours in {home}; rename that folder"
            problems.append(Problem("installed packages", 0, name, message))
    return problems


def _folder(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    places = list(spec.submodule_search_locations or []) if spec is not None else []
    return Path(places[0]).resolve() if places else None
