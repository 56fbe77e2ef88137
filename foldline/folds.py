"""Folds: rows are written once in k shards; a fold is k-1 of them to train on and one to validate on.

Crosses into the container, so: standard library only, Python 3.10.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

FORMAT = 1
"""Version of the manifest document; a reader refuses one it does not know."""


@dataclass(frozen=True)
class Schema:
    """Which columns a model reads and what they mean, in the order every CSV line keeps.

    Attributes:
        row_id: Column with a stable, unique id of a row (string or integer).
        label: Column with the class (0 or 1) or the target value.
        numeric: Feature columns read as float64; missing is NaN.
        categorical: Feature columns read as strings; missing is the empty string.
    """

    row_id: str
    label: str
    numeric: tuple[str, ...]
    categorical: tuple[str, ...]

    @property
    def features(self) -> tuple[str, ...]:
        """All feature columns: numeric first, then categorical."""
        return self.numeric + self.categorical

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> Schema:
        """The schema in ``document`` as JSON gives it."""
        return cls(
            document["row_id"], document["label"], tuple(document["numeric"]), tuple(document["categorical"])
        )


@dataclass(frozen=True)
class Shard:
    """The rows that validate in one fold, as one Parquet file.

    Attributes:
        fold: Number of the fold, from 0.
        key: Path of the file below the folds prefix, such as ``shards/fold-003/part-00000.parquet``.
        rows: Rows in the file.
        sha256: Hex digest of the file's bytes.
        positives: Rows of class 1; None for regression.
    """

    fold: int
    key: str
    rows: int
    sha256: str
    positives: int | None = None


@dataclass(frozen=True)
class Fold:
    """One fold: the shards it trains on and the shard it validates on."""

    number: int
    train: tuple[Shard, ...]
    validation: Shard


@dataclass(frozen=True)
class FoldManifest:
    """What the splitter wrote: ``folds/manifest.json``.

    Attributes:
        splitter: Name of the splitter, such as ``group``.
        column: Column the splitter looked at, or None.
        seed: Seed of the shuffle.
        schema: Columns of the shards.
        shards: k shards by fold number.
        holdout_rows: Rows kept out of all folds.
        holdout_rule: The rule in words, such as ``flight_date >= 2013-12-01``.
    """

    splitter: str
    column: str | None
    seed: int
    schema: Schema
    shards: tuple[Shard, ...]
    holdout_rows: int = 0
    holdout_rule: str = ""
    format: int = field(default=FORMAT)

    @property
    def k(self) -> int:
        """Number of folds."""
        return len(self.shards)

    @property
    def rows(self) -> int:
        """Rows in all shards."""
        return sum(shard.rows for shard in self.shards)

    def fold(self, number: int) -> Fold:
        """Fold ``number``: one validation shard, k-1 training shards.

        Raises:
            IndexError: There is no such fold.
        """
        if not 0 <= number < self.k:
            raise IndexError(f"0 <= fold < {self.k} must hold, got fold={number}")
        others = tuple(shard for shard in self.shards if shard.fold != number)
        return Fold(number, others, self.shards[number])

    def to_json(self) -> str:
        """The manifest document, equal for equal manifests."""
        return json.dumps(asdict(self), indent=2, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> FoldManifest:
        """The manifest in ``text``.

        Raises:
            ValueError: The document has a format this version does not know.
        """
        document = json.loads(text)
        if document.get("format") != FORMAT:
            raise ValueError(
                f"fold manifest has format {document.get('format')!r}, this version reads {FORMAT}"
            )
        document["schema"] = Schema.from_dict(document["schema"])
        document["shards"] = tuple(Shard(**shard) for shard in document["shards"])
        return cls(**document)


def channel_manifest(prefix: str, shards: tuple[Shard, ...]) -> list[Any]:
    """SageMaker's S3 manifest document for a training channel over ``shards``.

    Args:
        prefix: URI of the folds prefix, ending in ``/``.
        shards: Shards of the channel, in the order the job should see them.

    Returns:
        ``[{"prefix": …}, key, key, …]``, the form of ``S3DataType: ManifestFile``.
    """
    return [{"prefix": prefix}, *(shard.key for shard in shards)]
