"""Glue's transforms as classes: ``ApplyMapping.apply(frame=…, mappings=…)`` and so on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from awsglue.dynamicframe import DynamicFrame, DynamicFrameCollection
from awsglue.refusal import refused


class GlueTransform:
    """A function of a frame that is called through ``apply``; most are a method of the frame.

    Attributes:
        method: The frame's method; empty for a transform that is not there.
    """

    method: ClassVar[str] = ""

    @classmethod
    def apply(cls, *args: Any, **options: Any) -> Any:
        """Transform."""
        return cls()(*args, **options)

    @classmethod
    def name(cls) -> str:
        """The transform's name."""
        return cls.__name__

    def __call__(self, frame: Any, *args: Any, **options: Any) -> Any:
        """Transform."""
        if not self.method:
            raise refused(f"the transform {type(self).__name__}")
        return getattr(frame, self.method)(*args, **options)


class ApplyMapping(GlueTransform):
    """Columns under new names and types."""

    method = "apply_mapping"


class SelectFields(GlueTransform):
    """Some columns."""

    method = "select_fields"


class DropFields(GlueTransform):
    """All columns but some."""

    method = "drop_fields"


class Filter(GlueTransform):
    """The records for which a function is true."""

    method = "filter"


class Map(GlueTransform):
    """The records a function makes of the records."""

    method = "map"


class ResolveChoice(GlueTransform):
    """Columns cast."""

    method = "resolveChoice"


class UnnestFrame(GlueTransform):
    """Structs as columns of their own."""

    method = "unnest"


class RenameField(GlueTransform):
    """One column under another name."""

    def __call__(self, frame: DynamicFrame, old_name: str, new_name: str, **options: Any) -> DynamicFrame:
        """Transform."""
        return frame.rename_field(old_name, new_name, **options)


class DropNullFields(GlueTransform):
    """All columns but those of no type (``void``): columns that hold null only."""

    def __call__(self, frame: DynamicFrame, transformation_ctx: str = "", **_: Any) -> DynamicFrame:
        """Transform."""
        empty = [field.name for field in frame.schema().fields if field.dataType.simpleString() == "void"]
        return frame.drop_fields(empty)


class Join(GlueTransform):
    """The inner join on equal columns."""

    def __call__(
        self,
        frame1: DynamicFrame,
        frame2: DynamicFrame,
        keys1: list[str],
        keys2: list[str],
        transformation_ctx: str = "",
    ) -> DynamicFrame:
        """Transform."""
        return frame1.join(keys1, keys2, frame2)


class Relationalize(GlueTransform):
    """Flat frames of a nested one."""

    def __call__(
        self, frame: DynamicFrame, staging_path: str = "", name: str = "roottable", **options: Any
    ) -> DynamicFrameCollection:
        """Transform."""
        return frame.relationalize(name, staging_path, **options)


class SplitFields(GlueTransform):
    """Two frames: some columns, and the others."""

    def __call__(
        self, frame: DynamicFrame, paths: list[str], name1: str = "frame1", name2: str = "frame2", **_: Any
    ) -> DynamicFrameCollection:
        """Transform."""
        return frame.split_fields(paths, name1, name2)


class SplitRows(GlueTransform):
    """Two frames: some rows, and the others."""

    def __call__(
        self,
        frame: DynamicFrame,
        comparison_dict: dict[str, dict[str, Any]],
        name1: str = "frame1",
        name2: str = "frame2",
        **_: Any,
    ) -> DynamicFrameCollection:
        """Transform."""
        return frame.split_rows(comparison_dict, name1, name2)


class SelectFromCollection(GlueTransform):
    """One frame of a collection."""

    def __call__(self, dfc: DynamicFrameCollection, key: str, transformation_ctx: str = "") -> DynamicFrame:
        """Transform."""
        return dfc.select(key)


class MapToCollection(GlueTransform):
    """A collection of what a function makes of each frame of a collection."""

    def __call__(
        self,
        dfc: DynamicFrameCollection,
        callable: Callable[..., DynamicFrame],
        transformation_ctx: str = "",
    ) -> DynamicFrameCollection:
        """Transform."""
        return dfc.map(callable, transformation_ctx)


class Unbox(GlueTransform):
    """Not there."""


class Spigot(GlueTransform):
    """Not there."""


class ErrorsAsDynamicFrame(GlueTransform):
    """Not there."""


class FlatMap(GlueTransform):
    """Not there."""
