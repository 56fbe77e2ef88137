"""Options that several commands take."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Optional

import typer


class Output(StrEnum):
    """How a result is written."""

    TEXT = "text"
    JSON = "json"


Port = Annotated[
    Optional[int],  # noqa: UP045  # typer reads the annotation at run time
    typer.Option(help="Port; by default that of AWS_ENDPOINT_URL, else 4566.", min=1, max=65535),
]
Form = Annotated[Output, typer.Option("--output", "-o", help="How the result is written.")]
