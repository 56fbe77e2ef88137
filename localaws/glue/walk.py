"""From the files under a crawl target to tables: folders whose files are alike are one table.

Glue's rule: going down from the target's folder, the first folder all of whose files are alike is a table,
and the folders under it are its partition columns, by name where they are called ``key=value`` and
``partition_0`` … otherwise. Files that lie in one folder and are not alike are a table each.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

from localaws.glue.classify import Classified
from localaws.glue.schema import Schema, compatible, merged


@dataclass(frozen=True)
class FoundFile:
    """A file under a target: its key, its size, and what it is."""

    key: str
    size: int
    what: Classified


@dataclass(frozen=True)
class FoundPartition:
    """A partition: its values in the order of the keys, its folder (ends in ``/``), its files."""

    values: tuple[str, ...]
    folder: str
    files: tuple[FoundFile, ...]


@dataclass(frozen=True)
class FoundTable:
    """A table to be written to the catalogue.

    Attributes:
        name: As Glue makes it of the folder's or file's name, before the crawler's prefix.
        location: Key of the folder (ends in ``/``) or of the single file.
        schema: What its files hold together.
        files: All its files.
        keys: Names of the partition columns; all are strings, as in Glue.
        partitions: Its partitions, none without keys.
    """

    name: str
    location: str
    schema: Schema
    files: tuple[FoundFile, ...]
    keys: tuple[str, ...] = ()
    partitions: tuple[FoundPartition, ...] = ()


@dataclass
class Folder:
    """A folder of a target with what is in it."""

    key: str
    files: list[FoundFile] = field(default_factory=list)
    folders: dict[str, Folder] = field(default_factory=dict)

    def all_files(self) -> list[FoundFile]:
        """The files in it and below."""
        return self.files + [file for folder in self.folders.values() for file in folder.all_files()]

    def leaves(self, path: tuple[str, ...] = ()) -> Iterable[tuple[tuple[str, ...], Folder]]:
        """Each folder that holds files, with the names that lead to it."""
        if self.files:
            yield path, self
        for name, folder in self.folders.items():
            yield from folder.leaves((*path, name))


@dataclass(frozen=True)
class Grouping:
    """How files become tables.

    Attributes:
        combine: Compatible files are one table though they are not alike (CombineCompatibleSchemas).
        level: The folder level (the bucket is 1) at which every folder is a table; None decides by the files.
    """

    combine: bool = False
    level: int | None = None


def visible(key: str, prefix: str, exclusions: Iterable[str] = ()) -> bool:
    """Whether a crawler looks at a key: not hidden (``_`` or ``.``), not a folder marker, not excluded."""
    inner = key[len(prefix) :]
    if key.endswith("/") or any(part[:1] in ("_", ".") for part in inner.split("/")):
        return False
    return not any(re.match(_glob(pattern), inner) for pattern in exclusions)


def _glob(pattern: str) -> str:
    """A regular expression for an exclude pattern: ``*`` stays in a folder, ``**`` crosses folders."""
    parts = re.split(r"(\*\*|\*|\?|\{[^}]*\}|\[[^\]]*\])", pattern)
    words = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    out = []
    for part in parts:
        if part.startswith("{"):
            out.append(
                "(?:" + "|".join(_glob(choice).removesuffix("$") for choice in part[1:-1].split(",")) + ")"
            )
        elif part.startswith("["):
            out.append(fnmatch.translate(part).removeprefix("(?s:").removesuffix(r")\Z"))
        else:
            out.append(words.get(part) or re.escape(part))
    return "".join(out) + "$"


def tree_of(prefix: str, files: Iterable[FoundFile]) -> Folder:
    """The folders under a prefix that ends in ``/`` (or is empty)."""
    root = Folder(prefix)
    for file in files:
        folder = root
        for name in file.key[len(prefix) :].split("/")[:-1]:
            folder = folder.folders.setdefault(name, Folder(f"{folder.key}{name}/"))
        folder.files.append(file)
    return root


def tables_of(folder: Folder, bucket: str, grouping: Grouping) -> list[FoundTable]:
    """The tables in a folder and below it."""
    files = folder.all_files()
    if not files:
        return []
    depth = 1 + folder.key.count("/")
    forced = grouping.level is not None and depth < grouping.level
    if not forced and (one := _one_table(folder, bucket, files, grouping)):
        return [one]
    tables = [table for child in folder.folders.values() for table in tables_of(child, bucket, grouping)]
    if folder.files:
        tables += _tables_in(folder, bucket, grouping)
    return tables


def _one_table(folder: Folder, bucket: str, files: list[FoundFile], grouping: Grouping) -> FoundTable | None:
    """The folder as one table, if its files are alike and lie at one depth under folders of the same keys."""
    leaves = list(folder.leaves())
    keys = {_keys(path) for path, _ in leaves}
    combine = grouping.combine or grouping.level == 1 + folder.key.count("/")
    if len(keys) != 1 or not _alike(files, combine):
        return None
    names = keys.pop()
    partitions = tuple(
        FoundPartition(tuple(_value(part) for part in path), leaf.key, tuple(leaf.files))
        for path, leaf in leaves
    )
    schema = merged([file.what.schema for file in files])
    name = table_name(folder.key.rstrip("/").rpartition("/")[2] or bucket)
    return FoundTable(name, folder.key, schema, tuple(files), names, partitions if names else ())


def _tables_in(folder: Folder, bucket: str, grouping: Grouping) -> list[FoundTable]:
    """The files that lie in the folder itself: one table if they are alike, one each if not."""
    if _alike(folder.files, grouping.combine):
        alone = Folder(folder.key, folder.files)
        table = _one_table(alone, bucket, folder.files, grouping)
        return [table] if table else []
    return [
        FoundTable(table_name(file.key.rpartition("/")[2]), file.key, file.what.schema, (file,))
        for file in folder.files
    ]


def _alike(files: list[FoundFile], combine: bool) -> bool:
    first = files[0].what.schema
    return all(compatible(first, file.what.schema, combine=combine) for file in files[1:])


def _keys(path: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(
        part.partition("=")[0].lower() if "=" in part else f"partition_{n}" for n, part in enumerate(path)
    )


def _value(part: str) -> str:
    return unquote(part.partition("=")[2]) if "=" in part else part


def table_name(name: str) -> str:
    """A table's name as Glue makes it of a folder's or file's: lower case, ``_`` for any other sign."""
    return re.sub(r"[^a-z0-9_]", "_", name.lower())
