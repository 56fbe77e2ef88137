"""Records checked against a feature group's definitions."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from localaws.sagemaker.featurestore.event_time import microseconds
from localaws.sagemaker.featurestore.kinds import wrong
from localaws.sagemaker.featurestore.record_store import Record, Value, Values

INTEGRAL = re.compile(r"[+-]?[0-9]{1,19}")
INT64 = 1 << 63
UNIT_SECONDS = {"Seconds": 1, "Minutes": 60, "Hours": 3600, "Days": 86_400, "Weeks": 604_800}
Group = Mapping[str, Any]


def checked_record(group: Group, given: Sequence[Mapping[str, Any]]) -> Record:
    """The record a client gives, with its identifier and its event time.

    Raises:
        AwsError: ValidationError, naming the feature that is wrong.
    """
    values = checked_values(group, given)
    for feature in (group["RecordIdentifierFeatureName"], group["EventTimeFeatureName"]):
        if not values.get(feature):
            raise wrong(f"the record has no value for the required feature [{feature}]")
    identifier = values[group["RecordIdentifierFeatureName"]]
    event = event_time(group, values[group["EventTimeFeatureName"]])
    return Record(str(identifier), event, values)


def checked_values(group: Group, given: Sequence[Mapping[str, Any]]) -> Values:
    """The values a client gives, by feature; features without one are left out.

    Raises:
        AwsError: ValidationError: a feature is unknown, given twice, or its value is not of its type.
    """
    definitions = {definition["FeatureName"]: definition for definition in group["FeatureDefinitions"]}
    values: Values = {}
    for item in given:
        name = item["FeatureName"]
        if name not in definitions:
            raise wrong(
                f"FeatureGroup [{group['FeatureGroupName']}] does not contain feature with name: [{name}]"
            )
        if name in values:
            raise wrong(f"the feature [{name}] is given more than once")
        value = _checked(definitions[name], item)
        if value is not None:
            values[name] = value
    return values


def _checked(definition: Mapping[str, Any], item: Mapping[str, Any]) -> Value | None:
    name, kind = definition["FeatureName"], definition["FeatureType"]
    text, texts = item.get("ValueAsString"), item.get("ValueAsStringList")
    if text is not None and texts is not None:
        raise wrong(f"the feature [{name}] has both ValueAsString and ValueAsStringList")
    if collection := definition.get("CollectionType"):
        if text is not None:
            raise wrong(f"the feature [{name}] is a {collection}; give its values in ValueAsStringList")
        return None if texts is None else _collection(definition, texts)
    if texts is not None:
        raise wrong(f"the feature [{name}] is no collection; give its value in ValueAsString")
    if text is not None:
        _check_type(name, kind, text)
    return text


def _collection(definition: Mapping[str, Any], texts: list[str]) -> list[str]:
    name, collection = definition["FeatureName"], definition["CollectionType"]
    for text in texts:
        _check_type(name, definition["FeatureType"], text)
    if collection == "Vector":
        dimension = definition["CollectionConfig"]["VectorConfig"]["Dimension"]
        if len(texts) != dimension:
            raise wrong(f"the vector [{name}] has {len(texts)} values, its dimension is {dimension}")
    return list(dict.fromkeys(texts)) if collection == "Set" else texts


def _check_type(name: str, kind: str, text: str) -> None:
    if kind == "Integral":
        good = bool(INTEGRAL.fullmatch(text)) and -INT64 <= int(text) < INT64
    elif kind == "Fractional":
        good = _is_fractional(text)
    else:
        good = True
    if not good:
        raise wrong(f"the value [{text[:100]}] of the feature [{name}] is not of its type [{kind}]")


def _is_fractional(text: str) -> bool:
    try:
        return math.isfinite(float(text)) and "_" not in text
    except ValueError:
        return False


def event_time(group: Group, value: Value) -> int:
    """The event time a text means in a group.

    Raises:
        AwsError: ValidationError.
    """
    name = group["EventTimeFeatureName"]
    kind = next(item["FeatureType"] for item in group["FeatureDefinitions"] if item["FeatureName"] == name)
    try:
        return microseconds(str(value), kind)
    except ValueError as error:
        raise wrong(f"the EventTime feature [{name}] has a wrong value: {error}") from error


def duration(ttl: Mapping[str, Any] | None) -> int | None:
    """A time to live in microseconds; None is for ever."""
    return ttl["Value"] * UNIT_SECONDS[ttl["Unit"]] * 1_000_000 if ttl else None


def listed(group: Group, values: Values, names: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Values as a client gets them, in the order of the definitions, all or those of some features."""
    order = [definition["FeatureName"] for definition in group["FeatureDefinitions"]]
    found = []
    for name in order:
        if name in values and (names is None or name in names):
            value = values[name]
            member = "ValueAsStringList" if isinstance(value, list) else "ValueAsString"
            found.append({"FeatureName": name, member: value})
    return found
