"""What this task knows to be secret is blotted out: of its log, its record, its results and Airflow's pages.

`foldline.redaction` cleans the texts we write. What Airflow writes (a traceback, a rendered field) passes its
own masker, which is told every secret that we come across.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from airflow.sdk.log import mask_secret

from foldline.credentials import is_reference, names_secret
from foldline.errors import FoldlineError
from foldline.redaction import redacted, redacted_document, secrets_in

SHORTEST = 12
"""Values of environment variables shorter than this are ordinary words, such as a local endpoint's keys."""


@dataclass(frozen=True)
class Redaction:
    """Cleans what a task says.

    Attributes:
        known: Values that are secret whatever they look like.
    """

    known: frozenset[str]

    @classmethod
    def of_worker(cls, environment: Mapping[str, str] = os.environ) -> Redaction:
        """Knows the secrets in this worker's environment variables; Airflow's masker is told them too."""
        known = frozenset(secret_values(environment))
        mask(known)
        return cls(known)

    def text(self, text: str) -> str:
        """``text`` without secrets."""
        mask(secrets_in(text))
        return redacted(text, self.known)

    def document(self, document: Any) -> Any:
        """``document`` without secrets."""
        return redacted_document(document, self.known)

    def error(self, error: BaseException) -> str:
        """An error's text without secrets; it and its causes lose theirs, since a traceback shows them."""
        for one in chain(error):
            mask(secrets_in(str(one)))
            one.args = tuple(self.text(part) if isinstance(part, str) else part for part in one.args)
            if isinstance(one, FoldlineError):
                for part in ("what", "where", "cause", "mend"):
                    setattr(one, part, self.text(getattr(one, part)))
        return self.text(str(error))


def secret_values(environment: Mapping[str, str]) -> Iterator[str]:
    """Values of variables whose name says secret, and secrets inside the others, such as a URL's password."""
    for name, value in environment.items():
        if names_secret(name) and len(value) >= SHORTEST and not is_reference(value):
            yield value
        yield from (secret for secret in secrets_in(value) if len(secret) >= SHORTEST)


def mask(secrets: Iterable[str]) -> None:
    """Have Airflow mask these values wherever it writes, in this process and in its supervisor."""
    for secret in sorted(secrets):
        mask_secret(secret)


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and all that a traceback of it shows."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
