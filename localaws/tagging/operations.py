"""GetResources, GetTagKeys and GetTagValues."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from localaws.errors import AwsError
from localaws.glue.paging import offset_of, token_of
from localaws.tagging.holders import Tagged, tagged
from localaws.world import World

CODE = "InvalidParameterException"
PAGE = 50
LARGEST_PAGE = 100
TAGS_PER_PAGE = range(100, 501)
MAX_VALUES = 20
MAX_TYPES = 100
WITHOUT_LIST = ("TagFilters", "ResourceTypeFilters", "ResourcesPerPage", "TagsPerPage", "PaginationToken")
"""Members that a request with ``ResourceARNList`` may not have."""


class Tagging:
    """Finds resources of all services by their tags."""

    def __init__(self, world: World) -> None:
        self._world = world

    def GetResources(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of the resources that all filters mean."""
        check(request)
        found = [one for one in tagged(self._world) if is_meant(one, request)]
        if "ResourceARNList" in request:
            return {"ResourceTagMappingList": [_mapping(one) for one in found], "PaginationToken": ""}
        start = _start(request)
        end = start + _page_length(found[start:], request)
        page = [_mapping(one) for one in found[start:end]]
        return {"ResourceTagMappingList": page, "PaginationToken": _next(end, found)}

    def GetTagKeys(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of all keys in use."""
        keys = sorted({key for one in tagged(self._world) for key in one.tags})
        return _page("TagKeys", keys, request)

    def GetTagValues(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of all values a key has somewhere."""
        found = (one.tags.get(request["Key"]) for one in tagged(self._world))
        return _page("TagValues", sorted({value for value in found if value is not None}), request)


def check(request: dict[str, Any]) -> None:
    """Refuse what AWS refuses, and what depends on tag policies, which are not played.

    Raises:
        AwsError: InvalidParameterException or NotImplemented.
    """
    if request.get("IncludeComplianceDetails"):
        raise AwsError(
            "NotImplemented", "localaws does not implement tagging GetResources.IncludeComplianceDetails", 501
        )
    if request.get("ExcludeCompliantResources"):
        raise _invalid("ExcludeCompliantResources can be used only if IncludeComplianceDetails is true")
    beside = [name for name in WITHOUT_LIST if request.get(name)]
    if "ResourceARNList" in request and beside:
        raise _invalid(f"ResourceARNList cannot be used together with {' and '.join(beside)}")
    if not 1 <= request.get("ResourcesPerPage", PAGE) <= LARGEST_PAGE:
        raise _invalid(f"ResourcesPerPage must be from 1 to {LARGEST_PAGE}")
    if request.get("TagsPerPage", TAGS_PER_PAGE.start) not in TAGS_PER_PAGE:
        raise _invalid(f"TagsPerPage must be from {TAGS_PER_PAGE.start} to {TAGS_PER_PAGE.stop - 1}")
    if len(request.get("ResourceTypeFilters", ())) > MAX_TYPES:
        raise _invalid(f"ResourceTypeFilters has at most {MAX_TYPES} items")
    for one in request.get("TagFilters", ()):
        if not one.get("Key"):
            raise _invalid("a tag filter must have a Key")
        if len(one.get("Values", ())) > MAX_VALUES:
            raise _invalid(f"the tag filter on {one['Key']} has more than {MAX_VALUES} values")


def is_meant(one: Tagged, request: dict[str, Any]) -> bool:
    """Whether a resource passes the list, one of the types, and every tag filter by one of its values."""
    listed, types = request.get("ResourceARNList"), request.get("ResourceTypeFilters")
    if (listed and one.arn not in listed) or (types and one.types.isdisjoint(types)):
        return False
    return all(
        rule["Key"] in one.tags and (not rule.get("Values") or one.tags[rule["Key"]] in rule["Values"])
        for rule in request.get("TagFilters", ())
    )


def _page_length(found: Sequence[Tagged], request: dict[str, Any]) -> int:
    """How many resources a page has; one that would pass ``TagsPerPage`` goes whole to the next."""
    found = found[: request.get("ResourcesPerPage", LARGEST_PAGE if "TagsPerPage" in request else PAGE)]
    if "TagsPerPage" in request:
        room = request["TagsPerPage"]
        for number, one in enumerate(found):
            room -= len(one.tags)
            if room < 0:
                return number
    return len(found)


def _mapping(one: Tagged) -> dict[str, Any]:
    tags = [{"Key": key, "Value": value} for key, value in one.tags.items()]
    return {"ResourceARN": one.arn, "Tags": tags}


def _page(member: str, found: Sequence[str], request: dict[str, Any]) -> dict[str, Any]:
    start = _start(request)
    end = min(start + LARGEST_PAGE, len(found))
    return {member: list(found[start:end]), "PaginationToken": _next(end, found)}


def _start(request: dict[str, Any]) -> int:
    token = request.get("PaginationToken")
    return offset_of(token, CODE, "The PaginationToken is not one this endpoint gave") if token else 0


def _next(end: int, found: Sequence[Any]) -> str:
    return token_of(end) if end < len(found) else ""


def _invalid(message: str) -> AwsError:
    return AwsError(CODE, message)
