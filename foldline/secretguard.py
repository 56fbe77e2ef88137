"""The last look at a request before it is sent: no secret leaves in what others can read.

Hyperparameters, environment variables, tags, arguments and query texts are shown by AWS's Describe calls and
consoles to whoever may read them. `foldline.aws` puts every request of its clients through here, so no step,
param, trigger or escape hatch has a way round.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from foldline.credentials import findings
from foldline.errors import RequestError
from foldline.stepfiles.problems import path_text
from foldline.stepfiles.secretcheck import INSTEAD

UNREAD = frozenset({"s3", "sts", "logs", "sagemaker-runtime", "secretsmanager", "ssm", "sqs"})
"""Services whose requests nobody can read back, or whose trade is secrets or data."""

OPAQUE = frozenset({"NextToken", "nextToken", "Marker", "ContinuationToken"})
"""Members that give back to AWS what it made up itself: where a list goes on, random text to all others."""


def refuse_secrets(
    operation: str, request: Mapping[str, Any], allowed: Collection[str] = (), where: str = ""
) -> None:
    """Refuse a request that holds what looks like a secret.

    Args:
        operation: AWS's name of the call.
        request: Its arguments.
        allowed: Texts that look like secrets and are none.
        where: What asks for the call.

    Raises:
        RequestError: It does; the paths are in the message, the texts are not.
    """
    ours = {name: value for name, value in request.items() if name not in OPAQUE}
    found = [finding for finding in findings(ours, random=False) if finding.secret not in allowed]
    if found:
        raise RequestError(
            f"the {operation} request holds what looks like a secret; nothing was sent",
            where=where,
            cause="\n".join(f"{path_text(finding.path)}: {finding.what}" for finding in found),
            mend=INSTEAD,
        )
