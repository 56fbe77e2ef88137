"""Glue's operations on data quality rulesets."""

from __future__ import annotations

import time
from typing import Any

from localaws.errors import AwsError
from localaws.glue.catalog import Catalog, Document
from localaws.glue.paging import page
from localaws.glue.quality.dqdl import Rule, rules_of
from localaws.glue.quality.measures import KINDS
from localaws.glue.tags import Tags

KIND = "glue.dq.ruleset"
KEPT = ("Name", "Description", "Ruleset", "TargetTable")
INVALID = "InvalidInputException"


class Rulesets:
    """CreateDataQualityRuleset and its like.

    Args:
        catalog: The catalogue, for target tables.
        tags: The tags of Glue's resources.
    """

    def __init__(self, catalog: Catalog, tags: Tags) -> None:
        self.catalog = catalog
        self.store = catalog.store
        self.tags = tags

    def ruleset(self, name: str) -> Document:
        """One ruleset.

        Raises:
            AwsError: EntityNotFoundException.
        """
        found = self.store.get(KIND, name)
        if found is None:
            raise AwsError("EntityNotFoundException", f"Cannot find Data Quality Ruleset {name}")
        return found

    def CreateDataQualityRuleset(self, request: dict[str, Any]) -> dict[str, Any]:
        """Keep a ruleset whose DQDL can be read and evaluated."""
        name, now, target = request["Name"], time.time(), request.get("TargetTable")
        check(request["Ruleset"])
        if target:
            self.catalog.table(target["DatabaseName"], target["TableName"])
        body: Document = {
            key: request[key] for key in ("Name", "Description", "Ruleset", "TargetTable") if key in request
        }
        body |= {"CreatedOn": now, "LastModifiedOn": now, "Token": request.get("ClientToken")}
        if not self.store.create(KIND, name, body):
            known = self.ruleset(name)
            if not known["Token"] or known["Token"] != body["Token"]:
                raise AwsError(
                    "AlreadyExistsException", f"Another ruleset with the same name already exists: {name}"
                )
        if request.get("Tags"):
            self.tags.put(self._arn(name), request["Tags"])
        return {"Name": name}

    def GetDataQualityRuleset(self, request: dict[str, Any]) -> dict[str, Any]:
        """One ruleset."""
        return self.ruleset(request["Name"])

    def UpdateDataQualityRuleset(self, request: dict[str, Any]) -> dict[str, Any]:
        """Change a ruleset's rules or description."""
        with self.store.transaction():
            self.ruleset(request["Name"])
            if "Ruleset" in request:
                check(request["Ruleset"])
            changes = {key: request[key] for key in ("Description", "Ruleset") if key in request}
            return self.store.update(KIND, request["Name"], **changes, LastModifiedOn=time.time())

    def DeleteDataQualityRuleset(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget a ruleset; its results stay."""
        self.ruleset(request["Name"])
        self.store.delete(KIND, request["Name"])
        self.tags.forget(self._arn(request["Name"]))
        return {}

    def ListDataQualityRulesets(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of the rulesets, by filter and tags."""
        wanted, tags = request.get("Filter") or {}, request.get("Tags") or {}
        found = [
            {**body, "RuleCount": len(rules_of(body["Ruleset"]))}
            for body in self.store.all(KIND)
            if _fits(body, wanted) and tags.items() <= self.tags.get(self._arn(body["Name"])).items()
        ]
        listed, token = page(found, request, limit=100, code=INVALID)
        return {"Rulesets": listed, "NextToken": token}

    def _arn(self, name: str) -> str:
        return self.catalog.world.arn("glue", f"dataQualityRuleset/{name}")


def check(ruleset: str) -> None:
    """See that every rule of a ruleset can be evaluated.

    Raises:
        AwsError: InvalidInputException; NotImplemented for rule types that are not served.
    """
    for rule in rules_of(ruleset):
        _check(rule)


def _check(rule: Rule) -> None:
    for part in rule.parts:
        _check(part)
    if not rule.parts and rule.kind not in KINDS:
        raise AwsError("NotImplemented", f"localaws does not implement the DQDL rule type {rule.kind}", 501)


def _fits(body: Document, wanted: Document) -> bool:
    moments = (("CreatedOn", "Created"), ("LastModifiedOn", "LastModified"))
    return all(
        [
            str(wanted.get("Name", "")) in body["Name"],
            str(wanted.get("Description", "")) in body.get("Description", ""),
            not wanted.get("TargetTable") or wanted["TargetTable"] == body.get("TargetTable"),
            *(body[key] < wanted[f"{word}Before"] for key, word in moments if f"{word}Before" in wanted),
            *(body[key] > wanted[f"{word}After"] for key, word in moments if f"{word}After" in wanted),
        ]
    )
