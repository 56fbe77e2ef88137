"""The steps from raw tables to folds: catalogue, ingest, quality, preprocessing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, PlainValidator, Strict, WithJsonSchema

from foldline.folds import Schema
from foldline.stepfiles.spellings import Identifier, QueryFile, TableName
from foldline.stepfiles.units import Duration
from foldline.steps.settings import (
    Columns,
    Conflict,
    JobSettings,
    RequestSettings,
    Scalar,
    Settings,
    Share,
    repeated,
)

_PROCESSING = {"job.instance": "CreateProcessingJob"}


class CsvFormat(Settings):
    """How CSV files are read, where Glue's own guess is not enough."""

    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = Field(
        default=",", description="Character between two values."
    )
    header: bool = Field(default=True, description="Whether the first line holds the column names.")


class CatalogueSettings(RequestSettings):
    """`catalogue`: a Glue crawler makes tables of the raw files."""

    database: TableName = Field(description="Glue database.")
    tables: Annotated[tuple[TableName, ...], Strict(False), Field(min_length=1)] = Field(
        description="Folders below `s3://<bucket>/<pipeline>/raw/`, each one table."
    )
    csv: CsvFormat | None = Field(
        default=None,
        description="How CSV files are read; null: Glue guesses, and sees no header where all is text.",
    )
    max_runtime: Duration = Field(default=600, description="The crawl is given up after this long.")

    def conflicts(self) -> Iterable[Conflict]:
        """A table that is named twice."""
        return repeated(self.tables, "tables")


class IngestSettings(RequestSettings):
    """`ingest`: an Athena query makes one table; rules drop rows; Parquet is unloaded."""

    database: TableName = Field(description="Glue database the query reads.")
    query: QueryFile = Field(description="The SELECT, in a file beside this one.")
    parameters: dict[Identifier, Scalar] = Field(default={}, description="Values of its `?`, in order.")
    rules: dict[Identifier, Annotated[str, Field(min_length=1)]] = Field(
        default={}, description="Name and SQL condition; a row is dropped by the first it meets."
    )
    columns: Annotated[Columns, Field(min_length=1)] = Field(
        description="Columns to unload, in this order; a column the query lacks is an error."
    )
    max_runtime: Duration = Field(default=600, description="The query is stopped after this long.")

    def conflicts(self) -> Iterable[Conflict]:
        """A column that is named twice, and a rule that is named like what no rule drops."""
        yield from repeated(self.columns, "columns")
        if "kept" in self.rules:
            yield Conflict(("rules", "kept"), "is what rows are called that no rule drops; take another name")


class LabelRule(Settings):
    """What the label must look like."""

    column: Identifier = Field(description="The label.")
    min_share: Share = Field(default=0.0, description="Smallest share of class 1.")
    max_share: Share = Field(default=1.0, description="Largest share of class 1.")

    def conflicts(self) -> Iterable[Conflict]:
        """Shares in the wrong order."""
        if self.min_share > self.max_share:
            yield Conflict(
                ("min_share",), f"{self.min_share}, must not be above max_share ({self.max_share})"
            )


class ColumnRule(Settings):
    """What one column must look like."""

    max_null_share: Share | None = Field(default=None, description="Largest share of missing values.")
    unique: bool = Field(default=False, description="No value twice.")
    min: float | None = Field(default=None, description="Smallest value allowed.")
    max: float | None = Field(default=None, description="Largest value allowed.")
    max_categories: int | None = Field(default=None, ge=1, description="Most distinct values allowed.")

    def conflicts(self) -> Iterable[Conflict]:
        """Bounds in the wrong order."""
        if self.min is not None and self.max is not None and self.min > self.max:
            yield Conflict(("min",), f"{self.min:g}, must not be above max ({self.max:g})")


class LeakageRule(Settings):
    """When a column is the label in disguise."""

    max_auc: float = Field(
        ge=0.5, le=1, description="Highest AUC one column alone may reach; above it, it leaks the label."
    )


class QualitySettings(RequestSettings):
    """`quality`: stops the run before anything is spent on data that break a rule."""

    instance_settings: ClassVar = _PROCESSING
    min_rows: int = Field(default=1, ge=1, description="Fewest rows allowed.")
    label: LabelRule = Field(description="Class balance.")
    columns: dict[Identifier, ColumnRule] = Field(default={}, description="Rules by column.")
    leakage: LeakageRule | None = Field(
        default=None, description="Search for columns that leak the label; null: none."
    )
    job: JobSettings = Field(description="Machine of the processing job.")


def _boundary(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int | float | date):
        raise ValueError("must be a date, a number or text")
    return value


class Holdout(Settings):
    """Rows that no fold sees."""

    column: Identifier = Field(description="Column that decides, such as a date.")
    since: Annotated[Any, PlainValidator(_boundary), WithJsonSchema({"type": ["string", "number"]})] = Field(
        alias="from", description="Rows from this value on, inclusive, are held out."
    )


class FoldSettings(Settings):
    """How rows are cut into folds."""

    splitter: Literal["kfold", "stratified", "group"] = Field(
        default="stratified",
        description="`kfold`: at random; `stratified`: equal class shares; `group`: a group is never cut.",
    )
    column: Identifier | None = Field(default=None, description="The group column of the `group` splitter.")
    k: int = Field(default=5, ge=2, le=100, description="Number of folds.")
    seed: int = Field(default=0, ge=0, le=2**32 - 1, description="Seed of the shuffle.")

    def conflicts(self) -> Iterable[Conflict]:
        """A splitter without the column it needs, or with one it ignores."""
        if self.splitter == "group" and self.column is None:
            yield Conflict(("splitter",), "'group' needs `column`: the column whose values stay together")
        if self.splitter != "group" and self.column is not None:
            yield Conflict(("column",), f"is read by the 'group' splitter only, not by {self.splitter!r}")


class PreprocessingSettings(RequestSettings):
    """`preprocessing`: a hold-out and k folds, written once."""

    instance_settings: ClassVar = _PROCESSING
    row_id: Identifier = Field(description="Column with a unique, stable id of a row.")
    label: Identifier = Field(description="Column with the class, 0 or 1.")
    numeric: Columns = Field(default=(), description="Feature columns read as numbers.")
    categorical: Columns = Field(default=(), description="Feature columns read as text.")
    holdout: Holdout | None = Field(default=None, description="Rows kept for the evaluation; null: none.")
    folds: FoldSettings = Field(default_factory=FoldSettings, description="How rows are cut.")
    job: JobSettings = Field(description="Machine of the processing job.")

    def conflicts(self) -> Iterable[Conflict]:
        """Columns with two roles, and a table without features."""
        yield from repeated(self.numeric, "numeric")
        yield from repeated(self.categorical, "categorical")
        if not self.numeric and not self.categorical:
            yield Conflict(("numeric",), "is empty and so is categorical; a model needs a feature")
        for number, name in enumerate(self.categorical):
            if name in self.numeric:
                yield Conflict(("categorical", number), f"{name!r} is also in numeric")
        for role, reserved in (("label", self.label), ("row_id", self.row_id)):
            for kind, names in (("numeric", self.numeric), ("categorical", self.categorical)):
                if reserved in names:
                    yield Conflict(
                        (kind, names.index(reserved)), f"{reserved!r} is the {role}, not a feature"
                    )
        if self.label == self.row_id:
            yield Conflict(("label",), f"{self.label!r} is also row_id")

    @property
    def table(self) -> Schema:
        """The columns as the container reads them."""
        return Schema(self.row_id, self.label, self.numeric, self.categorical)
