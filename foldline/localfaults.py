"""The local endpoint's fault rules, through its page `/_localaws/faults`; imports nothing of `localaws`."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from foldline.errors import EnvironmentFault
from foldline.local import HOST, endpoint_port, health

SECONDS = 10.0

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
    number = endpoint_port(port)
    if health(number) is None:
        raise EnvironmentFault(
            f"no local endpoint runs on port {number}",
            mend="start it with `foldline local start`, or name its port with --port or AWS_ENDPOINT_URL",
        )
    url = f"http://{HOST}:{number}/_localaws/faults{path}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=SECONDS) as answer:
            found: Rule = json.load(answer)
    except urllib.error.HTTPError as error:
        raise EnvironmentFault(
            "the local endpoint refused this about its fault rules",
            where=url,
            cause=json.load(error).get("message", ""),
            mend="docs/localaws.md lists the effects and what each takes",
        ) from error
    return found
