"""``GlueContext``: the Spark session with Glue's readers and writers."""

from __future__ import annotations

import datetime as dt
import sys
from typing import Any

from awsglue import s3, sinks, sources
from awsglue.dynamicframe import DynamicFrame
from awsglue.refusal import refused

FROM_THE_SESSION = ("sql", "table", "read", "readStream", "createDataFrame", "range", "udf", "catalog")


class GlueLogger:
    """The job's logger; its lines go to the error stream."""

    def debug(self, text: object) -> None:
        """Say a detail."""
        self._say("DEBUG", text)

    def info(self, text: object) -> None:
        """Say something."""
        self._say("INFO", text)

    def warn(self, text: object) -> None:
        """Say something to look at."""
        self._say("WARN", text)

    def error(self, text: object) -> None:
        """Say what went wrong."""
        self._say("ERROR", text)

    def _say(self, level: str, text: object) -> None:
        sys.stderr.write(f"{level} GlueLogger: {text}\n")


class DataFrameReader:
    """``create_dynamic_frame`` of a context."""

    def __init__(self, glue_context: GlueContext) -> None:
        self._context = glue_context

    def from_options(
        self,
        connection_type: str,
        connection_options: dict[str, Any] | None = None,
        format: str | None = None,
        format_options: dict[str, Any] | None = None,
        transformation_ctx: str = "",
        push_down_predicate: str = "",
        **_: Any,
    ) -> DynamicFrame:
        """A dynamic frame of files in S3."""
        frame = sources.from_options(
            self._context.spark_session,
            connection_type,
            connection_options or {},
            form=format or "parquet",
            form_options=format_options or {},
            context=transformation_ctx,
        )
        picked = frame.where(push_down_predicate) if push_down_predicate and frame.columns else frame
        return DynamicFrame(picked, self._context, transformation_ctx)

    def from_catalog(
        self,
        database: str | None = None,
        table_name: str | None = None,
        redshift_tmp_dir: str = "",
        transformation_ctx: str = "",
        push_down_predicate: str = "",
        additional_options: dict[str, Any] | None = None,
        catalog_id: str | None = None,
        name_space: str | None = None,
        **_: Any,
    ) -> DynamicFrame:
        """A dynamic frame of a catalogue table."""
        options = additional_options or {}
        for name in options.keys() - {"catalogPartitionPredicate", *sources.KNOWN}:
            raise refused(f"the additional option {name!r} of from_catalog")
        place = database or name_space
        if not place or not table_name:
            raise ValueError("from_catalog needs database and table_name")
        frame = sources.from_catalog(
            self._context.spark_session,
            place,
            table_name,
            predicate=push_down_predicate,
            expression=options.get("catalogPartitionPredicate", ""),
            context=transformation_ctx,
        )
        return DynamicFrame(frame, self._context, transformation_ctx)

    def from_rdd(
        self, data: Any, name: str, schema: Any = None, sampleRatio: float | None = None
    ) -> DynamicFrame:
        """A dynamic frame of an RDD."""
        frame = self._context.spark_session.createDataFrame(data, schema, samplingRatio=sampleRatio)
        return DynamicFrame(frame, self._context, name)


class DataFrameWriter:
    """``write_dynamic_frame`` of a context."""

    def __init__(self, glue_context: GlueContext) -> None:
        self._context = glue_context

    def from_options(
        self,
        frame: DynamicFrame,
        connection_type: str,
        connection_options: dict[str, Any] | None = None,
        format: str = "parquet",
        format_options: dict[str, Any] | None = None,
        transformation_ctx: str = "",
        **_: Any,
    ) -> DynamicFrame:
        """Append a dynamic frame to a path in S3; the frame."""
        sinks.to_options(
            frame, connection_type, connection_options or {}, form=format, form_options=format_options or {}
        )
        return frame

    def from_catalog(
        self,
        frame: DynamicFrame,
        database: str | None = None,
        table_name: str | None = None,
        redshift_tmp_dir: str = "",
        transformation_ctx: str = "",
        additional_options: dict[str, Any] | None = None,
        catalog_id: str | None = None,
        name_space: str | None = None,
        **_: Any,
    ) -> DynamicFrame:
        """Append a dynamic frame to a catalogue table; the frame."""
        place = database or name_space
        if not place or not table_name:
            raise ValueError("from_catalog needs database and table_name")
        sinks.to_catalog(frame, place, table_name, additional_options or {})
        return frame

    def from_jdbc_conf(self, *_: Any, **__: Any) -> None:
        """Not there: databases are not reached."""
        raise refused("write_dynamic_frame.from_jdbc_conf")


class GlueContext:
    """The Spark session of a Glue script."""

    def __init__(self, sparkContext: Any, **_: Any) -> None:
        from pyspark.sql import SparkSession

        self._sc = sparkContext
        self.spark_session: Any = SparkSession(sparkContext)
        self.create_dynamic_frame = DataFrameReader(self)
        self.write_dynamic_frame = DataFrameWriter(self)
        self.create_dynamic_frame_from_options = self.create_dynamic_frame.from_options
        self.create_dynamic_frame_from_catalog = self.create_dynamic_frame.from_catalog
        self.create_dynamic_frame_from_rdd = self.create_dynamic_frame.from_rdd
        self.write_dynamic_frame_from_options = self.write_dynamic_frame.from_options
        self.write_dynamic_frame_from_catalog = self.write_dynamic_frame.from_catalog

    def get_logger(self) -> GlueLogger:
        """The job's logger."""
        return GlueLogger()

    def create_data_frame_from_catalog(self, database: str, table_name: str, **options: Any) -> Any:
        """A Spark frame of a catalogue table."""
        return self.create_dynamic_frame.from_catalog(database, table_name, **options).toDF()

    def create_data_frame_from_options(self, connection_type: str, **options: Any) -> Any:
        """A Spark frame of files in S3."""
        return self.create_dynamic_frame.from_options(connection_type, **options).toDF()

    def getSink(
        self, connection_type: str, format: str | None = None, transformation_ctx: str = "", **options: Any
    ) -> sinks.Sink:
        """A sink to write frames to, with a catalogue table if asked for."""
        sink = sinks.Sink(connection_type, options)
        if format:
            sink.setFormat(format)
        return sink

    def purge_s3_path(self, s3_path: str, options: dict[str, Any] | None = None, **_: Any) -> None:
        """Delete the objects under a path that are older than ``retentionPeriod`` hours (else 168)."""
        hours = float((options or {}).get("retentionPeriod", 168))
        limit = dt.datetime.now(dt.UTC) - dt.timedelta(hours=hours)
        bucket, prefix = s3.split(s3_path)
        s3.delete(bucket, [item.key for item in s3.listing(bucket, prefix) if item.modified <= limit])

    def __getattr__(self, name: str) -> Any:
        if name in FROM_THE_SESSION:
            return getattr(self.spark_session, name)
        if name.startswith("__"):
            raise AttributeError(name)
        raise refused(f"GlueContext.{name}")
