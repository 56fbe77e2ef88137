"""Who gets an endpoint's traffic: the route the runtime reads, and how a description shows it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from localaws.sagemaker.hosting.fleet import Fleet
from localaws.sagemaker.hosting.rollout_plan import ALL, Plan, Shares
from localaws.sagemaker.hosting.variants import Variant


@dataclass(frozen=True)
class Lane:
    """A fleet and its share of each variant's traffic; a variant that is not named gets all of it."""

    fleet: Fleet
    shares: Shares

    def share(self, variant: Variant) -> float:
        """The fleet's share of a variant's traffic."""
        return self.shares.get(variant.name, 1.0)


def route(lanes: Sequence[Lane]) -> list[dict[str, Any]]:
    """The hosts that get traffic: weight against the others, configuration, and what the variant says."""
    targets = []
    for lane in lanes:
        hosts = lane.fleet.hosts()
        targets += [
            {
                **variant.routed(),
                "host": hosts[variant.name],
                "weight": variant.weight * lane.share(variant),
                "config": lane.fleet.config,
            }
            for variant in lane.fleet.variants
            if lane.share(variant) > 0
        ]
    return targets


def rest(shares: Shares, variants: Sequence[Variant]) -> Shares:
    """What shares leave to the other fleet."""
    return {variant.name: 1.0 - shares.get(variant.name, 1.0) for variant in variants}


def summaries(variants: Sequence[Variant], shares: Shares = ALL, status: str = "") -> list[dict[str, Any]]:
    """Variants as a description shows them, with the weight and the instances of a share of the traffic.

    Shadow variants have a place of their own in a description.
    """
    found = []
    for variant in production(variants):
        share = shares.get(variant.name, 1.0)
        found.append(
            {
                **variant.summary(),
                "CurrentWeight": variant.weight * share,
                "CurrentInstanceCount": round(variant.instances * share),
                "InstanceType": variant.instance_type or None,
                "VariantStatus": [{"Status": status, "StartTime": time.time()}] if status else None,
            }
        )
    return found


def production(variants: Sequence[Variant]) -> list[Variant]:
    """The variants that answer callers: all but shadows."""
    return [variant for variant in variants if not variant.shadow]


def pending(
    config: str, variants: Sequence[Variant], started: float, *, shares: Shares, status: str
) -> dict[str, Any]:
    """The member ``PendingDeploymentSummary`` of an endpoint while it changes."""
    return {
        "EndpointConfigName": config,
        "ProductionVariants": summaries(variants, shares, status),
        "StartTime": started,
    }


def nothing(variants: Sequence[Variant]) -> Shares:
    """No traffic for any variant."""
    return dict.fromkeys((variant.name for variant in variants), 0.0)


def remaining(plan: Plan, variants: Sequence[Variant], shares: Shares) -> list[dict[str, Any]]:
    """The old variants of an update under way: a rolling one takes their instances with the traffic."""
    left = rest(shares, variants)
    shown = summaries(variants, left)
    if not plan.rolling:
        for variant, entry in zip(production(variants), shown, strict=True):
            entry["CurrentInstanceCount"] = variant.instances
    return shown


def changed(old: Sequence[Variant], new: Mapping[str, Variant]) -> list[dict[str, Any]]:
    """Variants whose weights or counts are about to change: current ones of now, desired ones to come."""
    return [
        {
            **variant.summary(),
            "DesiredWeight": new[variant.name].weight,
            "DesiredInstanceCount": new[variant.name].count,
            "VariantStatus": [{"Status": "Updating", "StartTime": time.time()}],
        }
        for variant in production(old)
    ]
