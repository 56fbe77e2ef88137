"""DQDL, as far as it can be checked without Glue: a list of rules, each of a known type.

Source: AWS Glue developer guide, "Data Quality Definition Language (DQDL) reference".
"""

from __future__ import annotations

import re

from foldline.stepfiles.problems import nearest

TYPES = frozenset(
    {
        "AggregateMatch",
        "ColumnCorrelation",
        "ColumnCount",
        "ColumnDataType",
        "ColumnExists",
        "ColumnLength",
        "ColumnNamesMatchPattern",
        "ColumnValues",
        "Completeness",
        "CustomSql",
        "DataFreshness",
        "DatasetMatch",
        "DetectAnomalies",
        "DistinctValuesCount",
        "Entropy",
        "FileFreshness",
        "FileMatch",
        "FileSize",
        "FileUniqueness",
        "IsComplete",
        "IsPrimaryKey",
        "IsUnique",
        "Mean",
        "ReferentialIntegrity",
        "RowCount",
        "RowCountMatch",
        "SchemaMatch",
        "StandardDeviation",
        "Sum",
        "UniqueValueRatio",
        "Uniqueness",
    }
)
_PART = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)|(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<mark>[][(),])"""
    r"""|(?P<word>[^\s"'\[\](),#]+)"""
)
_OPENED = {")": "(", "]": "["}


class BadRuleset(ValueError):
    """A ruleset that cannot be read.

    Attributes:
        line: Where, from 1.
    """

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line


def rules_of(text: str) -> list[str]:
    """The rules of a ruleset in their order, each with its spaces made single.

    Raises:
        BadRuleset: It is no list of rules, or a rule is of no type that DQDL has.
    """
    body = re.fullmatch(r"(?P<head>(?:\s|#[^\n]*)*Rules\s*=\s*\[)(?P<rules>.*)\](?:\s|#[^\n]*)*", text, re.S)
    if body is None:
        raise BadRuleset(1, "must be of the form Rules = [ rule, rule ]; DQDL tells upper from lower case")
    rules, words, nested = list[str](), list[tuple[str, int]](), list[str]()
    place, end = body.end("head"), body.end("rules")
    while place < end:
        line = text.count("\n", 0, place) + 1
        part = _PART.match(text, place, end)
        if part is None:
            raise BadRuleset(line, "a quoted text that opens here is never closed")
        place = part.end()
        if part.lastgroup == "space":
            continue
        if part["mark"] == "," and not nested:
            rules.append(_rule(words, line))
            words = []
            continue
        _nest(nested, part["mark"], line)
        words.append((part[0], line))
    if nested:
        raise BadRuleset(text.count("\n", 0, end) + 1, f"a {nested[-1]!r} is never closed")
    return [*rules, _rule(words, text.count("\n", 0, end) + 1)]


def single_spaced(rule: str) -> str:
    """A rule as :func:`rules_of` gives it.

    Raises:
        BadRuleset: It is no rule.
    """
    return rules_of(f"Rules = [{rule}]")[0]


def _nest(nested: list[str], mark: str | None, line: int) -> None:
    if mark in ("(", "["):
        nested.append(mark)
    elif mark in _OPENED and (not nested or nested.pop() != _OPENED[mark]):
        raise BadRuleset(line, f"a {mark!r} closes nothing")


def _rule(words: list[tuple[str, int]], line: int) -> str:
    """The rule of these words, each with its line; ``line`` is where it ends."""
    first, line = next((found for found in words if found[0] not in ("(", "not")), ("", line))
    if not first:
        raise BadRuleset(line, "a rule is missing: is there a comma too many?")
    if first not in TYPES:
        near = nearest(first, TYPES)
        raise BadRuleset(
            line, f"{first!r} is no rule type of DQDL" + (f"; did you mean {near!r}?" if near else "")
        )
    return " ".join(word for word, _ in words)
