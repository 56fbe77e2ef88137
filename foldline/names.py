"""Identity → name: the same work has the same name on every try, on any machine, so a job starts once.

SageMaker's create calls have no idempotency token: the name is the only key. Nothing here reads a clock,
a random number or a try number.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import asdict, dataclass
from typing import Any

NAME_LIMIT = 63
"""Characters of a SageMaker job, model, endpoint or endpoint-config name."""
TUNING_NAME_LIMIT = 32
"""Characters of a hyperparameter tuning job's name."""
TAG = "foldline:"
"""Prefix of every tag that carries identity."""


def canonical(document: Any) -> bytes:
    """``document`` as JSON bytes that are equal for equal documents."""
    return json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def digest(document: Any, characters: int = 20) -> str:
    """Lower-case base32 of the document's SHA-256; 20 characters hold 100 bits."""
    return base64.b32encode(hashlib.sha256(canonical(document)).digest()).decode().lower()[:characters]


def slug(text: str, limit: int) -> str:
    """``text`` as letters, digits and single hyphens, at most ``limit`` characters, never empty."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:limit].strip("-") or "x"


@dataclass(frozen=True)
class Identity:
    """Who asks for a job: everything that makes two requests the same work, and nothing else.

    Attributes:
        env: Environment name (``local``, ``dev``, ``prod``).
        dag: Airflow DAG id.
        run: Airflow run id.
        task: Airflow task id, plus what tells apart several jobs of one task (``tuning/trial-03/fold-01``).
        map_index: Index of a mapped task, -1 otherwise.
        kind: Resource kind (``training``, ``processing``, …).
        spec_hash: Digest of the request (see :func:`spec_hash`).
        epoch: 0, or the DAG run's clear number when a clear is to run the work again.
    """

    env: str
    dag: str
    run: str
    task: str
    map_index: int
    kind: str
    spec_hash: str
    epoch: int = 0

    @property
    def key(self) -> str:
        """100 bits of this identity, as the tag ``foldline:key`` carries them."""
        return digest(asdict(self))

    def name(self, generation: int = 0, limit: int = NAME_LIMIT) -> str:
        """The job name: readable slug, generation, 100 bits of the hash.

        Args:
            generation: How many times this work has ended in a failure worth another try.
            limit: Characters allowed by the service.
        """
        tail = f"-g{generation}-{digest({**asdict(self), 'generation': generation})}"
        task = self.task if self.map_index < 0 else f"{self.task}-m{self.map_index}"
        room = limit - len(tail)
        return (slug(task, room) + tail) if room > 0 else digest(asdict(self), limit - 3) + f"-g{generation}"

    def tags(self, generation: int = 0) -> dict[str, str]:
        """Tags that let anyone find the owner of a resource, and let us refuse a foreign one."""
        return {
            f"{TAG}key": self.key,
            f"{TAG}generation": str(generation),
            f"{TAG}env": self.env,
            f"{TAG}dag": tag_value(self.dag),
            f"{TAG}run": tag_value(self.run),
            f"{TAG}task": tag_value(self.task),
            f"{TAG}map": str(self.map_index),
            f"{TAG}epoch": str(self.epoch),
            f"{TAG}spec": self.spec_hash,
        }


def tag_value(text: str) -> str:
    """``text`` as a tag can hold it: itself where AWS allows it, else ``digest:`` and its digest."""
    return text if re.fullmatch(r"[A-Za-z0-9 _.:/=+@-]{1,256}", text) else f"digest:{digest(text)}"


def spec_hash(request: dict[str, Any]) -> str:
    """Digest of what a request asks for, without its name and tags.

    Input manifests and code arrive by content-addressed URIs, so their digests are part of the request.
    """
    unnamed = {key: value for key, value in request.items() if key != "Tags"}
    return digest(unnamed)
