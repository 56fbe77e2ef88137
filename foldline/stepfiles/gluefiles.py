"""What is wrong with the scripts and rulesets that Glue steps name: found without running them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from foldline.stepfiles.problems import nearest
from foldline.stepfiles.rulesets import BadRuleset, rules_of, single_spaced
from foldline.steps.glue import GlueJobSettings, GlueQualitySettings
from foldline.steps.settings import Conflict, StepSettings


def glue_file_conflicts(folder: Path, settings: StepSettings) -> Iterator[Conflict]:
    """All that is wrong with the file of a Glue step, told at the setting that names it.

    Args:
        folder: The pipeline's folder.
        settings: Any step.
    """
    if isinstance(settings, GlueJobSettings):
        yield from _script(folder, settings)
    if isinstance(settings, GlueQualitySettings):
        yield from _ruleset(folder, settings)


def _script(folder: Path, settings: GlueJobSettings) -> Iterator[Conflict]:
    text = _text(folder, settings.script)
    if isinstance(text, Conflict):
        yield text._replace(path=("script",))
        return
    try:
        ast.parse(text)
    except SyntaxError as error:
        yield Conflict(("script",), f"{settings.script} line {error.lineno or 1}: {error.msg}")


def _ruleset(folder: Path, settings: GlueQualitySettings) -> Iterator[Conflict]:
    text = _text(folder, settings.rules)
    if isinstance(text, Conflict):
        yield text._replace(path=("rules",))
        return
    try:
        rules = rules_of(text)
    except BadRuleset as error:
        yield Conflict(("rules",), f"{settings.rules} {error}")
        return
    for number, rule in enumerate(settings.warn):
        try:
            known = single_spaced(rule) in rules
        except BadRuleset:
            known = False
        if not known:
            message = f"{rule!r} is no rule of {settings.rules}"
            yield Conflict(("warn", number), message, nearest(rule, rules))


def _text(folder: Path, name: str) -> str | Conflict:
    """The file's text, or why there is none."""
    file = folder / name
    if not file.is_file():
        there = [found.name for found in folder.glob(f"*{file.suffix}")]
        message = f"{name!r}, there is no such file in {folder.parent.name}/{folder.name}"
        return Conflict((), message, nearest(name, there))
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return Conflict((), f"{name!r} cannot be read: {error}")
