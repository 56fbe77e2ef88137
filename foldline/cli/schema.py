"""`foldline schema`: JSON Schema for editors and the config reference, from the models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from foldline.project import project_root
from foldline.stepfiles.reference import reference
from foldline.stepfiles.schemas import schemas


def generated(root: Path) -> dict[Path, str]:
    """The files that are written from the models, and what must stand in them.

    Args:
        root: The project; the reference is for projects with a ``docs/`` folder.
    """
    folder = root / "infra" / "schema"
    files = {
        folder / f"{kind}.json": json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        for kind, document in schemas().items()
    }
    if (root / "docs").is_dir():
        files[root / "docs" / "config-reference.md"] = reference()
    return files


def schema(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 if a file is out of date.")
    ] = False,
) -> None:
    """Write infra/schema/*.json, and docs/config-reference.md where there is a docs/ folder."""
    root = project_root()
    changed = 0
    for file, text in generated(root).items():
        if file.is_file() and file.read_text(encoding="utf-8") == text:
            continue
        changed += 1
        typer.echo(f"{'out of date' if check else 'written'}: {file.relative_to(root)}")
        if not check:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    if not changed:
        typer.echo("all generated files are up to date")
    raise typer.Exit(1 if check and changed else 0)
