"""Storage formats of the Hive world: the input format, output format and SerDe table definitions name."""

from __future__ import annotations

from dataclasses import dataclass

TEXT_INPUT = "org.apache.hadoop.mapred.TextInputFormat"
TEXT_OUTPUT = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
LAZY_SIMPLE = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
OPEN_CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
OPENX_JSON = "org.openx.data.jsonserde.JsonSerDe"
HCATALOG_JSON = "org.apache.hive.hcatalog.data.JsonSerDe"
HIVE_JSON = "org.apache.hadoop.hive.serde2.JsonSerDe"
PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
ORC = "org.apache.hadoop.hive.ql.io.orc.OrcSerde"
AVRO = "org.apache.hadoop.hive.serde2.avro.AvroSerDe"
REGEX_SERDES = (
    "org.apache.hadoop.hive.serde2.RegexSerDe",
    "org.apache.hadoop.hive.contrib.serde2.RegexSerDe",
)
JSON_SERDES = (OPENX_JSON, HCATALOG_JSON, HIVE_JSON)


@dataclass(frozen=True)
class Format:
    """How a table's files are read and written, by Hive's class names."""

    input_format: str
    output_format: str
    serde: str


FORMATS = {
    "textfile": Format(TEXT_INPUT, TEXT_OUTPUT, LAZY_SIMPLE),
    "csv": Format(TEXT_INPUT, TEXT_OUTPUT, OPEN_CSV),
    "json": Format(TEXT_INPUT, TEXT_OUTPUT, OPENX_JSON),
    "parquet": Format(
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
        PARQUET,
    ),
    "orc": Format(
        "org.apache.hadoop.hive.ql.io.orc.OrcInputFormat",
        "org.apache.hadoop.hive.ql.io.orc.OrcOutputFormat",
        ORC,
    ),
    "avro": Format(
        "org.apache.hadoop.hive.ql.io.avro.AvroContainerInputFormat",
        "org.apache.hadoop.hive.ql.io.avro.AvroContainerOutputFormat",
        AVRO,
    ),
}
