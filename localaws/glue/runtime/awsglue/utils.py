"""The script's arguments."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

RESERVED = ("job_bookmark_option", "job-bookmark-option", "continuation-option", "continuation_option")
IDENTITY = ("JOB_ID", "JOB_RUN_ID", "SECURITY_CONFIGURATION")
OPTIONAL = (
    "job-bookmark-option",
    "job-bookmark-from",
    "job-bookmark-to",
    *IDENTITY,
    "encryption-type",
    "enable-data-lineage",
)


class GlueArgumentError(Exception):
    """The script was not given an argument it asks for."""


class _Parser(argparse.ArgumentParser):
    """Raises where argparse would end the process."""

    def error(self, message: str) -> NoReturn:
        raise GlueArgumentError(message)


def getResolvedOptions(args: Sequence[str], options: Sequence[str]) -> dict[str, Any]:
    """The values of the named arguments and of Glue's own, by name, with ``_`` for ``-``.

    Args:
        args: ``sys.argv``.
        options: Names without the leading ``--``; each must be there. Glue's own are None when not given.

    Raises:
        GlueArgumentError: One is missing.
        RuntimeError: One is reserved for Glue.
    """
    parser = _Parser(add_help=False, allow_abbrev=False)
    for name in options:
        if name in RESERVED or name in IDENTITY:
            raise RuntimeError(f"Using reserved arguments --{name}")
        parser.add_argument(f"--{name}", required=True)
    for name in OPTIONAL:
        parser.add_argument(f"--{name}", required=False)
    if "TempDir" not in options:
        parser.add_argument("--TempDir", required=False)
    known, _ = parser.parse_known_args(list(args)[1:])
    return vars(known)
