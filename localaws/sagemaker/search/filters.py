"""SearchExpression: which documents it means, and the values a property's path leads to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from localaws.sagemaker.refusals import invalid

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": lambda found, value: bool(found == value),
    "GreaterThan": lambda found, value: bool(found > value),
    "GreaterThanOrEqualTo": lambda found, value: bool(found >= value),
    "LessThan": lambda found, value: bool(found < value),
    "LessThanOrEqualTo": lambda found, value: bool(found <= value),
}
TIMES = (
    "%Y-%m-%dT%H:%M:%S.%f%z",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%dT%H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d",
)


def matches(document: dict[str, Any], expression: dict[str, Any]) -> bool:
    """Whether a document is one of those an expression means.

    Raises:
        AwsError: ValidationException: a filter lacks its value, or compares what has no order.
    """
    parts = [
        *(_filter_matches(document, one) for one in expression.get("Filters", [])),
        *(_nested_matches(document, one) for one in expression.get("NestedFilters", [])),
        *(matches(document, one) for one in expression.get("SubExpressions", [])),
    ]
    return any(parts) if expression.get("Operator") == "Or" and parts else all(parts)


def names(expression: dict[str, Any]) -> list[str]:
    """The properties an expression asks for."""
    nested = [one for group in expression.get("NestedFilters", []) for one in group["Filters"]]
    return [
        *(one["Name"] for one in [*expression.get("Filters", []), *nested]),
        *(name for one in expression.get("SubExpressions", []) for name in names(one)),
    ]


def values_at(document: Any, path: str) -> list[Any]:
    """The values a path leads to: members by their names, which may hold dots, and each item of a list."""
    if not path:
        return document if isinstance(document, list) else [document]
    if isinstance(document, list):
        return [value for item in document for value in values_at(item, path)]
    if not isinstance(document, dict):
        return []
    words = path.split(".")
    for count in range(len(words), 0, -1):
        name = ".".join(words[:count])
        if document.get(name) is not None:
            return values_at(document[name], ".".join(words[count:]))
    return []


def _nested_matches(document: dict[str, Any], nested: dict[str, Any]) -> bool:
    """Whether one item of a list fits all filters; their names begin with the list's."""
    name = nested["NestedPropertyName"]
    filters = [{**one, "Name": one["Name"].removeprefix(f"{name}.")} for one in nested["Filters"]]
    return any(all(_filter_matches(item, one) for one in filters) for item in values_at(document, name))


def _filter_matches(document: dict[str, Any], one: dict[str, Any]) -> bool:
    operator = str(one.get("Operator", "Equals"))
    found = values_at(document, one["Name"])
    if operator in ("Exists", "NotExists"):
        return bool(found) == (operator == "Exists")
    if "Value" not in one:
        raise invalid(f"The filter on {one['Name']} needs a Value for the operator {operator}")
    value = str(one["Value"])
    if operator == "In":
        wanted = [item.strip() for item in value.split(",")]
        return any(_compares("Equals", item, each) for item in found for each in wanted)
    if operator == "Contains":
        return any(value in _text(item) for item in found)
    if operator == "NotEquals":
        return not any(_compares("Equals", item, value) for item in found)
    return any(_compares(operator, item, value) for item in found)


def _compares(operator: str, found: Any, value: str) -> bool:
    """Compare as numbers, or times, where what is found is a number; as texts otherwise."""
    if isinstance(found, int | float) and not isinstance(found, bool):
        number = _number(value)
        return number is not None and COMPARISONS[operator](float(found), number)
    number, other = _number(value), _number(_text(found))
    if operator != "Equals" and number is not None and other is not None:
        return COMPARISONS[operator](other, number)
    return COMPARISONS[operator](_text(found), value)


def _text(found: Any) -> str:
    return str(found).lower() if isinstance(found, bool) else str(found)


def _number(text: str) -> float | None:
    """A number, or a time in epoch seconds."""
    try:
        return float(text)
    except ValueError:
        pass
    for form in TIMES:
        try:
            moment = datetime.strptime(text.replace("Z", "+0000"), form)  # UTC is set below
        except ValueError:
            continue
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return None
