"""The local endpoint's fault rules, through its page `/_localaws/faults`; imports nothing of `localaws`."""

from __future__ import annotations

import urllib.parse
from typing import Any

from foldline.local import ask

Rule = dict[str, Any]


def add_fault(members: Rule, port: int | None = None) -> Rule:
    """A new rule, in force when this returns, with its id and counts.

    Args:
        members: The rule, as docs/localaws.md has it; members that are None are left out.
        port: See `foldline.local.endpoint_port`.

    Raises:
        EnvironmentFault: No local endpoint runs there, or it says why this is no rule.
    """
    given = {name: value for name, value in members.items() if value is not None}
    return _ask(port, "POST", body=given)


def fault_rules(port: int | None = None) -> list[Rule]:
    """Every rule, oldest first."""
    rules: list[Rule] = _ask(port, "GET")["rules"]
    return rules


def remove_fault(name: str, port: int | None = None) -> Rule:
    """Take a rule back; what it was."""
    return _ask(port, "DELETE", "/" + urllib.parse.quote(name, safe=""))


def clear_faults(port: int | None = None) -> int:
    """Take every rule back; how many there were."""
    return int(_ask(port, "DELETE")["removed"])


def _ask(port: int | None, method: str, path: str = "", body: Rule | None = None) -> Rule:
    found: Rule = ask(f"faults{path}", port, method=method, body=body)
    return found
