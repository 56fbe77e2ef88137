"""Secrets in step files: found by name and shape, told with file and line, never with their text.

A file may say of its own values that they are none (`not_secret: [job.environment.PUBLIC_KEY]`): visible
where they stand, and never for all files at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from foldline.credentials import Finding, findings, shapes_in
from foldline.stepfiles.documents import Document
from foldline.stepfiles.problems import Problem, nearest, path_text

KEY = "not_secret"
DESCRIPTION = "Paths of values in this file that look like secrets and are none."
SCHEMA = {"type": "array", "items": {"type": "string"}, "description": DESCRIPTION}
INSTEAD = (
    "write the ARN of a Secrets Manager secret or an SSM parameter, which the job reads under its role, "
    f"or use an Airflow connection; if it is no secret, name its path under {KEY}"
)


def secret_problems(document: Document) -> Iterator[Problem]:
    """What in a file looks like a secret, and paths under ``not_secret`` that are none of its own."""
    allowed = document.value.get(KEY, [])
    if not isinstance(allowed, list) or not all(isinstance(path, str) for path in allowed):
        place = document.place((KEY,))
        yield Problem(place.file, place.line, KEY, "must be a list of paths such as job.environment.NAME")
        return
    known = {path_text(path): path for path in document.places if path and path[0] != KEY}
    for number, path in enumerate(allowed):
        if path not in known:
            place = document.place((KEY, number))
            message = f"{path!r} is no path of this file"
            yield Problem(place.file, place.line, f"{KEY}[{number}]", message, nearest=nearest(path, known))
    for finding in _findings(document):
        if not _is_allowed(finding, allowed):
            place = document.place(finding.path)
            message = f"looks like {finding.what}, and a step file holds no secret; {INSTEAD}"
            yield Problem(place.file, place.line, path_text(finding.path), message)


def query_problems(folder: Path, documents: Mapping[str, Document]) -> Iterator[Problem]:
    """What in a pipeline's ``*.sql`` files looks like a secret."""
    for file in sorted(folder.glob("*.sql")):
        text = file.read_text(encoding="utf-8", errors="replace")
        if any(_allows_query(document, file.name) for document in documents.values()):
            continue
        for what, secret in shapes_in(text):
            line = text[: text.find(secret)].count("\n") + 1
            message = f"looks like {what}, and a query holds no secret; {INSTEAD}"
            yield Problem(f"infra/{folder.name}/{file.name}", line, "", message)


def declared(folder: Path, documents: Mapping[str, Document]) -> frozenset[str]:
    """Texts that look like secrets and of which a pipeline's files say that they are none."""
    texts: set[str] = set()
    for document in documents.values():
        allowed = document.value.get(KEY, [])
        texts |= {finding.secret for finding in _findings(document) if _is_allowed(finding, allowed)}
        if "query" in allowed and (file := folder / str(document.value.get("query"))).is_file():
            texts |= {secret for _, secret in shapes_in(file.read_text(encoding="utf-8", errors="replace"))}
    return frozenset(texts)


def _findings(document: Document) -> Iterator[Finding]:
    return findings(document.without(KEY).value)


def _is_allowed(finding: Finding, allowed: list[Any]) -> bool:
    """Whether a finding stands at an allowed path, or below one."""
    return any(path_text(finding.path[:depth]) in allowed for depth in range(1, len(finding.path) + 1))


def _allows_query(document: Document, name: str) -> bool:
    allowed = document.value.get(KEY, [])
    return isinstance(allowed, list) and "query" in allowed and document.value.get("query") == name
