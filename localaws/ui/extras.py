"""Fault rules and feature groups."""

from __future__ import annotations

from collections.abc import Mapping

from localaws.ui.view import PAGE, Asker, NotThere, View


def faults(asker: Asker, path: tuple[str, ...], query: Mapping[str, str]) -> View:
    """The rules, and how often each has struck."""
    if path:
        raise NotThere("no such page of a fault")
    return View("Faults", "faults.html", {"rules": [rule.document() for rule in asker.world.faults.rules()]})


def features(asker: Asker, path: tuple[str, ...], query: Mapping[str, str]) -> View:
    """All feature groups, or one."""
    if len(path) > 1:
        raise NotThere("no such page of a feature group")
    if path:
        if not asker.serves("sagemaker", "DescribeFeatureGroup"):
            raise NotThere(f"no feature group is called {path[0]}")
        group = asker.named("feature group", "sagemaker", "DescribeFeatureGroup", FeatureGroupName=path[0])
        return View(path[0], "feature_group.html", {"group": group})
    request = {"MaxResults": PAGE, **({"NextToken": query["next"]} if query.get("next") else {})}
    found, token = asker.listed("sagemaker", "ListFeatureGroups", "FeatureGroupSummaries", **request)
    rows = [
        {
            "name": group["FeatureGroupName"],
            "status": group.get("FeatureGroupStatus", ""),
            "created": group["CreationTime"],
        }
        for group in found
    ]
    return View("Feature groups", "features.html", {"groups": rows, "next": token})
