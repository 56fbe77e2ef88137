"""Journal entries as a Parquet file of the offline store."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from localaws.sagemaker.featurestore.record_store import Entry, Value

if TYPE_CHECKING:
    import pyarrow as pa

CONVERT: dict[str, Callable[[str], Any]] = {"Integral": int, "Fractional": float, "String": str}


def parquet_bytes(definitions: Sequence[Mapping[str, Any]], entries: Sequence[Entry], written: int) -> bytes:
    """A file with a row for each entry.

    Args:
        definitions: The group's features.
        entries: Versions of records of one partition.
        written: The write time, in microseconds since 1970.
    """
    import pyarrow as pa  # the server's start would pay for it
    import pyarrow.parquet as pq

    columns = {
        feature["FeatureName"]: pa.array(_column(feature, entries), _arrow_type(feature))
        for feature in definitions
    }
    microseconds = pa.timestamp("us")
    columns["write_time"] = pa.array([written] * len(entries), microseconds)
    columns["api_invocation_time"] = pa.array([entry.invoked for entry in entries], microseconds)
    columns["is_deleted"] = pa.array([entry.deleted for entry in entries], pa.bool_())
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer, compression="snappy")
    return buffer.getvalue()


def _column(feature: Mapping[str, Any], entries: Sequence[Entry]) -> list[Any]:
    name, convert = feature["FeatureName"], CONVERT[feature["FeatureType"]]
    return [_converted(entry.values.get(name), convert) for entry in entries]


def _converted(value: Value | None, convert: Callable[[str], Any]) -> Any:
    if value is None:
        return None
    return [convert(text) for text in value] if isinstance(value, list) else convert(value)


def _arrow_type(feature: Mapping[str, Any]) -> pa.DataType:
    import pyarrow as pa

    plain = {"Integral": pa.int64(), "Fractional": pa.float64(), "String": pa.string()}
    kind = plain[feature["FeatureType"]]
    return pa.list_(kind) if feature.get("CollectionType") else kind
