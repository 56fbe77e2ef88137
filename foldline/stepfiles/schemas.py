"""Schemas: the step models as JSON Schema, so that editors complete and check what is written."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from foldline.environment import Environment
from foldline.stepfiles import secretcheck
from foldline.steps.kinds import KINDS
from foldline.steps.settings import PipelineSettings

DRAFT = "https://json-schema.org/draft/2020-12/schema"
ENVIRONMENT = "environment"
"""Stem of the schema of environment files."""


class _AsWritten(GenerateJsonSchema):
    """Schemas whose defaults are spelt as in a file: ``30 GiB``, not a number of bytes."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        document = super().default_schema(schema)
        written = schema["schema"].get("serialization")
        if written and written["type"] == "function-plain" and "default" in document:
            document["default"] = written["function"](schema["default"])
        return document


def schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema of each kind of step file, of ``pipeline.yaml`` and of environment files, by name."""
    documents = {"pipeline": _schema(PipelineSettings)}
    for kind, model in KINDS.items():
        documents[kind] = _schema(model)
        documents[kind]["properties"]["kind"] = {
            "const": kind,
            "description": "Kind of the step, where the file is not named after it.",
        }
    for document in documents.values():
        document["properties"][secretcheck.KEY] = secretcheck.SCHEMA
    documents[ENVIRONMENT] = _schema(Environment)
    del documents[ENVIRONMENT]["properties"]["name"]
    documents[ENVIRONMENT]["required"].remove("name")
    return documents


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    document = _tidy(model.model_json_schema(schema_generator=_AsWritten))
    return {"$schema": DRAFT, "properties": {}, **document}


def _tidy(document: Any, names: bool = False) -> Any:
    """The schema without pydantic's titles, and with free keys held to their pattern.

    Args:
        document: A schema, or a part of one.
        names: Whether the keys of ``document`` are a user's keys, which may well be called ``title``.
    """
    if isinstance(document, list):
        return [_tidy(item) for item in document]
    if not isinstance(document, dict):
        return document
    tidy = {
        key: _tidy(value, names=not names and key in ("properties", "patternProperties", "$defs"))
        for key, value in document.items()
        if names or key != "title"
    }
    if "patternProperties" in tidy and not names:
        tidy["additionalProperties"] = False
    return tidy
