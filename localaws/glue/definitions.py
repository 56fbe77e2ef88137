"""A found table as a crawler writes it to the catalogue: columns, formats and the parameters Glue adds."""

from __future__ import annotations

from typing import Any

from localaws.glue.formats import FORMATS, LAZY_SIMPLE, OPEN_CSV, OPENX_JSON
from localaws.glue.schema import Schema
from localaws.glue.walk import FoundFile, FoundTable


def table_input(table: FoundTable, name: str, bucket: str, crawler: str, run: str) -> dict[str, Any]:
    """The ``TableInput`` for a found table.

    Args:
        table: What was found.
        name: The table's name, with the crawler's prefix.
        bucket: The bucket it lies in.
        crawler: The crawler's name.
        run: The id of the crawl.
    """
    parameters = _parameters(table.schema, table.files) | {
        "CRAWL_RUN_ID": run,
        "CrawlerSchemaDeserializerVersion": "1.0",
        "CrawlerSchemaSerializerVersion": "1.0",
        "UPDATED_BY_CRAWLER": crawler,
    }
    if table.keys:
        parameters["partition_filtering.enabled"] = "true"
    return {
        "Name": name,
        "Owner": "owner",
        "Retention": 0,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": parameters,
        "PartitionKeys": [{"Name": key, "Type": "string"} for key in table.keys],
        "StorageDescriptor": descriptor(table.schema, f"s3://{bucket}/{table.location}", parameters),
    }


def partition_input(table: FoundTable, number: int, bucket: str) -> dict[str, Any]:
    """The ``PartitionInput`` for a found table's partition."""
    partition = table.partitions[number]
    parameters = _parameters(table.schema, partition.files)
    return {
        "Values": list(partition.values),
        "Parameters": {},
        "StorageDescriptor": descriptor(table.schema, f"s3://{bucket}/{partition.folder}", parameters),
    }


def descriptor(schema: Schema, location: str, parameters: dict[str, str]) -> dict[str, Any]:
    """The storage descriptor of a table or partition."""
    format_ = FORMATS.get(schema.classification, FORMATS["textfile"])
    serde, serde_parameters = format_.serde, {"serialization.format": "1"}
    if schema.classification == "json":
        serde, serde_parameters = OPENX_JSON, {"paths": ",".join(sorted(schema.paths))}
    elif schema.classification == "csv":
        serde, serde_parameters = _csv_serde(schema)
    return {
        "Columns": [{"Name": name, "Type": kind} for name, kind in schema.columns],
        "Location": location,
        "InputFormat": format_.input_format,
        "OutputFormat": format_.output_format,
        "Compressed": parameters.get("compressionType", "none") != "none",
        "NumberOfBuckets": -1,
        "SerdeInfo": {"SerializationLibrary": serde, "Parameters": serde_parameters},
        "BucketColumns": [],
        "SortColumns": [],
        "Parameters": parameters,
        "StoredAsSubDirectories": False,
    }


def _csv_serde(schema: Schema) -> tuple[str, dict[str, str]]:
    if schema.serde == "OpenCSVSerDe":
        return OPEN_CSV, {"escapeChar": "\\", "quoteChar": schema.quote, "separatorChar": schema.delimiter}
    return LAZY_SIMPLE, {"field.delim": schema.delimiter}


def _parameters(schema: Schema, files: tuple[FoundFile, ...]) -> dict[str, str]:
    size, records = sum(file.size for file in files), sum(file.what.records for file in files)
    parameters = {
        "averageRecordSize": str(max(1, size // max(1, records))),
        "classification": schema.classification,
        "compressionType": files[0].what.compression,
        "objectCount": str(len(files)),
        "recordCount": str(records),
        "sizeKey": str(size),
        "typeOfData": "file",
    }
    if schema.classification == "csv":
        parameters |= {
            "areColumnsQuoted": "true" if schema.quoted else "false",
            "columnsOrdered": "true",
            "delimiter": schema.delimiter,
        }
        if schema.header:
            parameters["skip.header.line.count"] = "1"
        if schema.serde:
            parameters["customSerde"] = schema.serde
    return parameters
