"""Tables of ORC, Avro, lines by a regular expression, and text compressed in Hadoop's ways."""

from __future__ import annotations

import bz2
import io
import json
import zlib

import pyarrow as pa
import pytest
from pyarrow import orc

LINES = b"1,one\n2,two\n"
DELIMITED = "ROW FORMAT DELIMITED FIELDS TERMINATED BY ','"


def orc_file(**columns) -> bytes:
    """An ORC file of some columns."""
    out = io.BytesIO()
    orc.write_table(pa.table(columns), out)
    return out.getvalue()


def number(value: int) -> bytes:
    """An Avro int or long: zigzag, seven bits a byte."""
    value, out = (value << 1) ^ (value >> 63), b""
    while value > 0x7F:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def text(value: str) -> bytes:
    """An Avro string."""
    return number(len(value.encode())) + value.encode()


def avro_file(schema: dict, records: list[bytes], codec: str) -> bytes:
    """An Avro file of encoded records."""
    body = b"".join(records)
    packed = {"null": lambda: body, "deflate": lambda: zlib.compress(body, 6)[2:-4]}
    packed["snappy"] = lambda: (
        pa.Codec("snappy").compress(body, asbytes=True) + zlib.crc32(body).to_bytes(4, "big")
    )
    block = packed[codec]()
    sync = b"0123456789abcdef"
    head = number(2) + text("avro.schema") + text(json.dumps(schema)) + text("avro.codec") + text(codec)
    return b"Obj\x01" + head + number(0) + sync + number(len(records)) + number(len(block)) + block + sync


def hadoop_snappy(body: bytes, piece: int) -> bytes:
    """Text in Hadoop's snappy framing: one block in pieces."""
    codec, out = pa.Codec("snappy"), len(body).to_bytes(4, "big")
    for start in range(0, len(body), piece):
        packed = codec.compress(body[start : start + piece], asbytes=True)
        out += len(packed).to_bytes(4, "big") + packed
    return out


class TestOrc:
    def test_columns_by_name(self, run, table):
        """
        Columns are found by name, whatever their order; those a file has not are NULL.
        """
        name = table(
            "s string, n bigint, later double",
            {"a": orc_file(n=[1, None], s=["x", "y"]), "b": orc_file(s=["z"], n=[3], more=[True])},
            "STORED AS ORC",
        )
        rows = run(f"SELECT n, s, later FROM {name} ORDER BY s").rows
        assert [("1", "x", None), (None, "y", None), ("3", "z", None)] == rows

    def test_the_files_of_rows(self, run, table, lake):
        """
        ``$path`` is the object's own name, though its copy was read.
        """
        name = table("n bigint", {"a.orc": orc_file(n=[1])}, "STORED AS ORC")
        assert [(f"s3://{lake}/tables/{name}/a.orc",)] == run(f'SELECT "$path" FROM {name}').rows

    def test_a_file_that_is_none(self, ask, table):
        """
        HIVE_BAD_DATA, with the object's name.
        """
        name = table("n bigint", {"a": b"no ORC at all"}, "STORED AS ORC")
        answer = ask(f"SELECT n FROM {name}")
        assert ("FAILED", True) == (
            answer.state,
            answer.reason.startswith("HIVE_BAD_DATA: Error opening s3://"),
        )


class TestAvro:
    SCHEMA = {  # noqa: RUF012
        "type": "record",
        "name": "r",
        "fields": [
            {"name": "id", "type": "long"},
            {"name": "name", "type": ["null", "string"]},
            {"name": "day", "type": {"type": "int", "logicalType": "date"}},
            {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
            {
                "name": "price",
                "type": {"type": "bytes", "logicalType": "decimal", "precision": 8, "scale": 2},
            },
            {"name": "tags", "type": {"type": "array", "items": "string"}},
            {"name": "counts", "type": {"type": "map", "values": "int"}},
            {"name": "kind", "type": {"type": "enum", "name": "k", "symbols": ["A", "B"]}},
            {"name": "in", "type": {"type": "record", "name": "q", "fields": [{"name": "x", "type": "int"}]}},
        ],
    }

    @pytest.mark.parametrize("codec", ["null", "deflate", "snappy"])
    def test_values(self, run, table, codec):
        """
        Numbers, texts, NULL, times, decimals, collections and records, from blocks in any codec.
        """
        price = (12345).to_bytes(3, "big")
        full = number(-7) + number(1) + text("ä") + number(19737) + number(1705314600123)
        full += number(len(price)) + price + number(2) + text("a") + text("b") + number(0)
        full += number(1) + text("k") + number(5) + number(0) + number(1) + number(42)
        least = number(8) + number(0) + number(0) + number(0) + number(1) + b"\xff" + number(0) * 2
        least += number(0) + number(0)
        name = table(
            "id bigint, name string, day date, at timestamp, price decimal(8,2), tags array<string>, "
            "counts map<string,int>, kind string, `in` struct<x:int>",
            {"a.avro": avro_file(self.SCHEMA, [full, least], codec)},
            "STORED AS AVRO",
        )
        first = (
            "-7",
            "ä",
            "2024-01-15",
            "2024-01-15 10:30:00.123",
            "123.45",
            "[a, b]",
            "{k=5}",
            "B",
            "{x=42}",
        )
        second = ("8", None, "1970-01-01", "1970-01-01 00:00:00.000", "-0.01", "[]", "{}", "A", "{x=0}")
        assert [first, second] == run(f"SELECT * FROM {name} ORDER BY id").rows

    def test_a_file_that_is_none(self, ask, table):
        """
        HIVE_BAD_DATA.
        """
        name = table("n bigint", {"a": b"Obj\x02"}, "STORED AS AVRO")
        assert "Not an Avro data file" in ask(f"SELECT n FROM {name}").reason


class TestRegex:
    def test_a_group_for_each_column(self, run, table):
        """
        Lines that fit are taken apart; in the others every column is NULL.
        """
        how = r"""ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.RegexSerDe'
            WITH SERDEPROPERTIES ('input.regex' = '(\\S+) "([^"]*)" (\\d+)')"""
        name = table("host string, request string, status int", {"log": 'a "GET /" 200\nnonsense\n'}, how)
        rows = run(f"SELECT * FROM {name} ORDER BY status").rows
        assert [("a", "GET /", "200"), (None, None, None)] == rows

    def test_without_an_expression(self, ask, table):
        """
        The query fails and names the property.
        """
        name = table(
            "a string", {"log": "x\n"}, "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.RegexSerDe'"
        )
        assert 'serde property "input.regex"' in ask(f"SELECT * FROM {name}").reason


@pytest.mark.parametrize(
    ("key", "body"),
    [
        ("a.bz2", bz2.compress(LINES)),
        ("a.deflate", zlib.compress(LINES)),
        ("a.snappy", hadoop_snappy(LINES, 1 << 18)),
        ("b.snappy", hadoop_snappy(LINES, 5)),
    ],
)
def test_compressed_text(run, table, lake, key, body):
    """
    Text is unpacked by its name's ending, and its rows come from the object they lie in.
    """
    name = table("n int, s string", {key: body, "plain": b"3,three\n"}, DELIMITED)
    assert [("1", "one"), ("2", "two"), ("3", "three")] == run(f"SELECT * FROM {name} ORDER BY n").rows
    paths = run(f'SELECT DISTINCT "$path" FROM {name} WHERE n < 3').rows
    assert [(f"s3://{lake}/tables/{name}/{key}",)] == paths


def test_a_broken_archive(ask, table):
    """
    What is not what its name says ends the query, with its name.
    """
    name = table("n int", {"a.bz2": b"1\n2\n"}, DELIMITED)
    answer = ask(f"SELECT * FROM {name}")
    assert answer.reason.startswith("HIVE_CURSOR_ERROR: Failed to read file at s3://")
