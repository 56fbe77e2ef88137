"""Avro object container files: their records, made Parquet for DuckDB to read.

Source: the Avro 1.11 specification, "Object Container Files" and "Binary Encoding".
"""

from __future__ import annotations

import bz2
import datetime as dt
import io
import json
import struct
import zlib
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from localaws.athena.packing import snappy_size

MAGIC = b"Obj\x01"
BATCH = 10_000
EPOCH = dt.datetime(1970, 1, 1)  # Hive's timestamps have no zone
Schema = Any  # a schema is JSON: a name, a list (a union) or an object
PLAIN = {
    "null": pa.null(),
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "bytes": pa.binary(),
    "string": pa.string(),
}
LOGICAL = {
    "date": pa.date32(),
    "timestamp-millis": pa.timestamp("ms"),
    "timestamp-micros": pa.timestamp("us"),
}


def avro_to_parquet(source: Path, target: Path) -> None:
    """Write an Avro file's records as Parquet.

    Raises:
        ValueError: It is no Avro file, or one with a codec or type that is not read.
        EOFError: It ends too early.
    """
    with source.open("rb") as file:
        reader = _Reader(file)
        schema = pa.schema([(field["name"], reader.type(field["type"])) for field in reader.schema["fields"]])
        with pq.ParquetWriter(target, schema, compression="none") as writer:
            rows: list[dict[str, Any]] = []
            for row in reader.records():
                rows.append(row)
                if len(rows) == BATCH:
                    writer.write_table(pa.Table.from_pylist(rows, schema))
                    rows = []
            writer.write_table(pa.Table.from_pylist(rows, schema))


class _Reader:
    """Reads one file: its header at once, its blocks in turn."""

    def __init__(self, file: io.BufferedReader) -> None:
        if file.read(4) != MAGIC:
            raise ValueError("Not an Avro data file")
        self.file = file
        self.named: dict[str, Schema] = {}
        meta = self._map(file, "bytes")
        self.codec = meta.get("avro.codec", b"null").decode()
        if self.codec not in CODECS:
            raise ValueError(f"the Avro codec {self.codec} is not read")
        self.schema: Schema = json.loads(meta["avro.schema"])
        if not isinstance(self.schema, dict) or self.schema.get("type") != "record":
            raise ValueError("the Avro file's values are no records")
        self._learn(self.schema)
        self.sync = file.read(16)

    def _learn(self, schema: Schema, space: str = "") -> None:
        """Keep the named types by their names, full and short, so that they can be referred to."""
        for inner in schema if isinstance(schema, list) else []:
            self._learn(inner, space)
        if not isinstance(schema, dict):
            return
        if schema["type"] in ("record", "enum", "fixed"):
            given, _, name = schema["name"].rpartition(".")
            space = given or schema.get("namespace", space)
            self.named[name] = self.named[f"{space}.{name}"] = schema
        for field in schema.get("fields", []):
            self._learn(field["type"], space)
        for part in ("items", "values", "type"):
            self._learn(schema.get(part), space)

    def _whole(self, schema: Schema) -> Schema:
        """A schema by its name, if that is what it is."""
        return self.named.get(schema, schema) if isinstance(schema, str) else schema

    def type(self, schema: Schema) -> pa.DataType:
        """Arrow's type of a schema's values."""
        schema = self._whole(schema)
        if isinstance(schema, list):
            inner = [part for part in schema if part != "null"]
            if len(inner) != 1:
                raise ValueError(f"the Avro union {schema} is not read")
            return self.type(inner[0])
        if isinstance(schema, str):
            return PLAIN[schema]
        kind, logical = schema["type"], schema.get("logicalType")
        if logical == "decimal":
            return pa.decimal128(schema["precision"], schema.get("scale", 0))
        if logical in LOGICAL:
            return LOGICAL[logical]
        if kind == "record":
            return pa.struct([(field["name"], self.type(field["type"])) for field in schema["fields"]])
        if kind == "array":
            return pa.list_(self.type(schema["items"]))
        if kind == "map":
            return pa.map_(pa.string(), self.type(schema["values"]))
        return {"enum": pa.string(), "fixed": pa.binary()}.get(kind) or self.type(kind)

    def records(self) -> Iterator[dict[str, Any]]:
        """The records of all blocks."""
        while self.file.peek(1):
            count = _long(self.file)
            block = io.BytesIO(CODECS[self.codec](_exactly(self.file, _long(self.file))))
            for _ in range(count):
                yield self._value(block, self.schema)
            if _exactly(self.file, 16) != self.sync:
                raise ValueError("Invalid sync!")

    def _value(self, data: BinaryIO, schema: Schema) -> Any:
        schema = self._whole(schema)
        if isinstance(schema, list):
            return self._value(data, schema[_long(data)])
        kind = schema if isinstance(schema, str) else schema["type"]
        if kind == "record":
            return {field["name"]: self._value(data, field["type"]) for field in schema["fields"]}
        if kind == "array":
            return [item for count in _counts(data) for item in self._items(data, schema["items"], count)]
        if kind == "map":
            return list(self._map(data, schema["values"]).items())
        if kind == "enum":
            return schema["symbols"][_long(data)]
        value = _exactly(data, schema["size"]) if kind == "fixed" else SIMPLE[kind](data)
        return value if isinstance(schema, str) else _logical(value, schema)

    def _items(self, data: BinaryIO, schema: Schema, count: int) -> list[Any]:
        return [self._value(data, schema) for _ in range(count)]

    def _map(self, data: BinaryIO, schema: Schema) -> dict[str, Any]:
        found = {}
        for count in _counts(data):
            for _ in range(count):
                key = SIMPLE["string"](data)
                found[key] = self._value(data, schema)
        return found


def _logical(value: Any, schema: dict[str, Any]) -> Any:
    match schema.get("logicalType"):
        case "decimal":
            return Decimal(int.from_bytes(value, "big", signed=True)).scaleb(-schema.get("scale", 0))
        case "date":
            return (EPOCH + dt.timedelta(days=value)).date()
        case "timestamp-millis":
            return EPOCH + dt.timedelta(milliseconds=value)
        case "timestamp-micros":
            return EPOCH + dt.timedelta(microseconds=value)
    return value


def _exactly(data: BinaryIO, size: int) -> bytes:
    piece = data.read(size)
    if len(piece) != size:
        raise EOFError("the Avro file ends too early")
    return piece


def _long(data: BinaryIO) -> int:
    number = shift = 0
    while True:
        byte = _exactly(data, 1)[0]
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (number >> 1) ^ -(number & 1)
        shift += 7


def _counts(data: BinaryIO) -> Iterator[int]:
    """The lengths of the blocks of an array or a map; a negative one is followed by the block's bytes."""
    while count := _long(data):
        if count < 0:
            _long(data)
        yield abs(count)


def _bytes(data: BinaryIO) -> bytes:
    return _exactly(data, _long(data))


def _snappy(block: bytes) -> bytes:
    """Avro's snappy blocks end in a checksum of four bytes."""
    plain: bytes = pa.Codec("snappy").decompress(block[:-4], snappy_size(block), asbytes=True)
    return plain


def _zstd(block: bytes) -> bytes:
    with pa.input_stream(pa.py_buffer(block), compression="zstd") as stream:
        plain: bytes = stream.read()
    return plain


CODECS: dict[str, Callable[[bytes], bytes]] = {
    "null": bytes,
    "deflate": lambda block: zlib.decompress(block, -15),
    "bzip2": bz2.decompress,
    "snappy": _snappy,
    "zstandard": _zstd,
}
SIMPLE: dict[str, Callable[[BinaryIO], Any]] = {
    "null": lambda data: None,
    "boolean": lambda data: _exactly(data, 1) == b"\x01",
    "int": _long,
    "long": _long,
    "float": lambda data: struct.unpack("<f", _exactly(data, 4))[0],
    "double": lambda data: struct.unpack("<d", _exactly(data, 8))[0],
    "bytes": _bytes,
    "string": lambda data: _bytes(data).decode(),
}
