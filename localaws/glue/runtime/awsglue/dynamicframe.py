"""Dynamic frames: Glue's transformations over a Spark frame.

A column here always has one type, as in Spark: choice types do not come about. So ``make_cols`` and
``make_struct`` of ``resolveChoice`` find nothing to do, and there are no error records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from awsglue import catalog
from awsglue.flatten import relationalized, unnested
from awsglue.refusal import refused

KINDS = {"long": "bigint", "short": "smallint", "byte": "tinyint", "integer": "int"}
COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    ">": lambda column, value: column > value,
    "<": lambda column, value: column < value,
    ">=": lambda column, value: column >= value,
    "<=": lambda column, value: column <= value,
    "=": lambda column, value: column == value,
    "!=": lambda column, value: column != value,
}


class DynamicFrame:
    """A Spark frame with Glue's methods."""

    def __init__(self, frame: Any, glue_ctx: Any, name: str = "") -> None:
        self._frame = frame
        self.glue_ctx = glue_ctx
        self.name = name

    @classmethod
    def fromDF(cls, dataframe: Any, glue_ctx: Any, name: str = "") -> DynamicFrame:
        """A dynamic frame of a Spark frame."""
        return cls(dataframe, glue_ctx, name)

    def toDF(self, options: Any = None) -> Any:
        """The Spark frame."""
        return self._frame

    def apply_mapping(
        self, mappings: Iterable[tuple[str, ...]], case_sensitive: bool = False, **_: Any
    ) -> DynamicFrame:
        """The columns that are mapped, under their new names and types; sources that are not there fall away.

        Args:
            mappings: ``(source, source type, target, target type)``, or ``(source, target, target type)``.
            case_sensitive: Not honoured: Spark's own rule holds.
        """
        columns = []
        for mapping in mappings:
            source, target, kind = mapping[0], mapping[-2], mapping[-1]
            if "." in target and "`" not in target:
                raise refused(f"apply_mapping to a field inside a struct ({target})")
            if self._has(source):
                columns.append(self._column(source).cast(_kind(kind)).alias(target.strip("`")))
        return self._new(self._frame.select(*columns))

    def select_fields(self, paths: list[str], **_: Any) -> DynamicFrame:
        """These columns; those that are not there are passed over."""
        return self._new(self._frame.select(*(self._column(path) for path in paths if self._has(path))))

    def drop_fields(self, paths: list[str], **_: Any) -> DynamicFrame:
        """All columns but these; fields inside structs too."""
        frame = self._frame
        for path in paths:
            outer, inner = path.partition(".")[::2]
            if inner and path not in frame.columns and "`" not in path:
                frame = frame.withColumn(outer, frame[outer].dropFields(inner))
            else:
                frame = frame.drop(path.strip("`"))
        return self._new(frame)

    def rename_field(self, oldName: str, newName: str, **_: Any) -> DynamicFrame:
        """One column under another name."""
        return self._new(self._frame.withColumnRenamed(oldName.strip("`"), newName.strip("`")))

    def filter(self, f: Callable[[Any], bool], **_: Any) -> DynamicFrame:
        """The records for which a function of the record (a dict) is true."""
        kept = self._frame.rdd.filter(lambda row: bool(f(row.asDict(recursive=True))))
        return self._new(self._spark.createDataFrame(kept, self._frame.schema))

    def map(self, f: Callable[[Any], Any], preservesPartitioning: bool = False, **_: Any) -> DynamicFrame:
        """The records a function makes of the records (dicts); types are read off all of them."""
        from pyspark.sql import Row

        made = self._frame.rdd.map(lambda row: Row(**f(row.asDict(recursive=True))))
        if made.isEmpty():
            return self._new(self._frame.limit(0))
        return self._new(self._spark.createDataFrame(made, samplingRatio=1.0))

    def join(self, paths1: list[str], paths2: list[str], frame2: DynamicFrame, **_: Any) -> DynamicFrame:
        """The inner join on equal columns; a name that both have gets a ``.`` before it on the right."""
        right = frame2.toDF()
        names = {column: f".{column}" for column in right.columns if column in self._frame.columns}
        right = right.withColumnsRenamed(names)
        condition = None
        for left_name, right_name in zip(paths1, paths2, strict=True):
            pair = self._column(left_name) == right[f"`{names.get(right_name, right_name)}`"]
            condition = pair if condition is None else condition & pair
        return self._new(self._frame.join(right, condition))

    def resolveChoice(
        self,
        specs: list[tuple[str, str]] | None = None,
        choice: str = "",
        database: str | None = None,
        table_name: str | None = None,
        **_: Any,
    ) -> DynamicFrame:
        """Columns cast by ``cast:`` and ``project:``, or all to the types of a table (``match_catalog``)."""
        if bool(specs) == bool(choice):
            raise ValueError("resolveChoice takes either specs or choice")
        if choice.startswith("match_catalog"):
            if not database or not table_name:
                raise ValueError("match_catalog needs database and table_name")
            columns = catalog.table(database, table_name)["StorageDescriptor"]["Columns"]
            specs = [(column["Name"], f"cast:{column['Type']}") for column in columns]
        elif choice:
            specs = [(f"`{column}`", choice) for column in self._frame.columns]
        frame = self._frame
        for path, action in specs or []:
            word, kind = action.partition(":")[::2]
            if word not in ("cast", "project", "make_cols", "make_struct"):
                raise refused(f"the action {action!r} of resolveChoice")
            if kind and self._has(path):
                frame = frame.withColumn(path.strip("`"), self._column(path).cast(_kind(kind)))
        return self._new(frame)

    def unnest(self, **_: Any) -> DynamicFrame:
        """Structs as columns of their own, called ``outer.inner``."""
        return self._new(unnested(self._frame))

    unnest_frame = unnest

    def relationalize(self, root_table_name: str, staging_path: str = "", **_: Any) -> DynamicFrameCollection:
        """Flat frames: structs become columns, arrays frames of their own, joined by ``id``."""
        frames = relationalized(self._frame, root_table_name)
        return DynamicFrameCollection(
            {name: DynamicFrame(frame, self.glue_ctx, name) for name, frame in frames.items()}, self.glue_ctx
        )

    def split_fields(self, paths: list[str], name1: str, name2: str, **_: Any) -> DynamicFrameCollection:
        """Two frames: these columns, and the others."""
        frames = {name1: self.select_fields(paths), name2: self.drop_fields(paths)}
        return DynamicFrameCollection(frames, self.glue_ctx)

    def split_rows(
        self, comparison_dict: dict[str, dict[str, Any]], name1: str, name2: str, **_: Any
    ) -> DynamicFrameCollection:
        """Two frames: the rows for which all comparisons hold, and the others."""
        from pyspark.sql import functions as f

        holds = f.lit(True)
        for path, comparisons in comparison_dict.items():
            for sign, value in comparisons.items():
                holds = holds & COMPARISONS[sign](self._column(path), value)
        holds = f.coalesce(holds, f.lit(False))
        frames = {name1: self._new(self._frame.where(holds)), name2: self._new(self._frame.where(~holds))}
        return DynamicFrameCollection(frames, self.glue_ctx)

    def mergeDynamicFrame(
        self, stage_dynamic_frame: DynamicFrame, primary_keys: list[str], **_: Any
    ) -> DynamicFrame:
        """The staged records, and those of this frame whose keys are not among them."""
        staged = stage_dynamic_frame.toDF()
        kept = self._frame.join(staged.select(*primary_keys).distinct(), primary_keys, "left_anti")
        return self._new(kept.unionByName(staged, allowMissingColumns=True))

    def union(self, other: DynamicFrame, **_: Any) -> DynamicFrame:
        """The records of both."""
        return self._new(self._frame.unionByName(other.toDF(), allowMissingColumns=True))

    def repartition(self, num_partitions: int, **_: Any) -> DynamicFrame:
        """The same records in another number of Spark partitions."""
        return self._new(self._frame.repartition(num_partitions))

    def coalesce(self, num_partitions: int, shuffle: bool = False, **_: Any) -> DynamicFrame:
        """The same records in fewer Spark partitions."""
        return self._new(self._frame.coalesce(num_partitions))

    def getNumPartitions(self) -> int:
        """The number of Spark partitions."""
        return int(self._frame.rdd.getNumPartitions())

    def count(self) -> int:
        """The number of records."""
        return int(self._frame.count())

    def schema(self) -> Any:
        """Spark's schema of the frame."""
        return self._frame.schema

    def printSchema(self) -> None:
        """Print the schema."""
        self._frame.printSchema()

    def show(self, num_rows: int = 20) -> None:
        """Print the first records as JSON."""
        for line in self._frame.limit(num_rows).toJSON().collect():
            print(line)  # noqa: T201  # what show is for

    def errorsCount(self) -> int:
        """Error records: there are none."""
        return 0

    stageErrorsCount = errorsCount  # noqa: N815  # Glue's name

    def assertErrorThreshold(self) -> None:
        """Fail when there are too many error records: there are none."""

    def __getattr__(self, name: str) -> Any:
        if name in ("unbox", "spigot", "write", "errorsAsDynamicFrame", "simplify_ddb_json"):
            raise refused(f"DynamicFrame.{name}")
        raise AttributeError(f"'DynamicFrame' object has no attribute {name!r}")

    @property
    def _spark(self) -> Any:
        return self._frame.sparkSession

    def _new(self, frame: Any) -> DynamicFrame:
        return DynamicFrame(frame, self.glue_ctx, self.name)

    def _has(self, path: str) -> bool:
        """Whether the frame has a column, or a field inside one."""
        from pyspark.errors import AnalysisException

        try:
            self._frame.select(self._column(path))
        except AnalysisException:
            return False
        return True

    def _column(self, path: str) -> Any:
        """A column by Glue's path: a name with dots is one column where there is such a column."""
        from pyspark.sql import functions as f

        return f.col(f"`{path}`") if path in self._frame.columns else f.col(path)


class DynamicFrameCollection:
    """Several dynamic frames by name."""

    def __init__(self, dynamic_frames: dict[str, DynamicFrame], glue_ctx: Any) -> None:
        self._frames = dict(dynamic_frames)
        self.glue_ctx = glue_ctx

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._frames.keys()

    def values(self) -> Iterable[DynamicFrame]:
        """The frames."""
        return self._frames.values()

    def select(self, key: str, transformation_ctx: str = "") -> DynamicFrame:
        """One frame."""
        return self._frames[key]

    __getitem__ = select

    def __len__(self) -> int:
        return len(self._frames)

    def map(
        self, callable: Callable[..., DynamicFrame], transformation_ctx: str = ""
    ) -> DynamicFrameCollection:
        """A collection of what a function of frame and context makes of each frame."""
        made = {name: callable(frame, transformation_ctx + name) for name, frame in self._frames.items()}
        return DynamicFrameCollection(made, self.glue_ctx)


def _kind(kind: str) -> str:
    """Spark's name of a Glue type."""
    return KINDS.get(kind, kind)
