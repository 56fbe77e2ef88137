"""CREATE EXTERNAL TABLE: Hive's words for columns, rows and files made a table of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass, field

from localaws.athena.failures import QueryFailed, hive_failure, refused
from localaws.athena.hive import TASK, columns, need_database, nothing, properties
from localaws.athena.lexer import Reader
from localaws.athena.outcomes import Outcome
from localaws.glue import formats
from localaws.glue.catalog import Catalog, Document

STORED_AS = {
    "TEXTFILE": formats.FORMATS["textfile"],
    "JSONFILE": formats.FORMATS["json"],
    "PARQUET": formats.FORMATS["parquet"],
    "ORC": formats.FORMATS["orc"],
    "AVRO": formats.FORMATS["avro"],
}
DELIMITED = {
    ("FIELDS", "TERMINATED", "BY"): "field.delim",
    ("ESCAPED", "BY"): "escape.delim",
    (
        "COLLECTION",
        "ITEMS",
        "TERMINATED",
        "BY",
    ): "colelction.delim",  # the catalogue's own spelling, since Hive 0
    ("MAP", "KEYS", "TERMINATED", "BY"): "mapkey.delim",
    ("LINES", "TERMINATED", "BY"): "line.delim",
    ("NULL", "DEFINED", "AS"): "serialization.null.format",
}


@dataclass
class Definition:
    """What a CREATE TABLE has said so far."""

    columns: list[Document] = field(default_factory=list)
    keys: list[Document] = field(default_factory=list)
    comment: str = ""
    location: str = ""
    format: formats.Format = formats.FORMATS["textfile"]
    serde: str = ""
    serde_parameters: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)


def create_table(reader: Reader, catalog: Catalog, database: str) -> Outcome:
    """Add a table.

    Raises:
        QueryFailed: It exists, or asks for what is not served.
    """
    reader.need("CREATE")
    external = reader.take("EXTERNAL")
    reader.need("TABLE")
    absent = reader.take("IF", "NOT", "EXISTS")
    given, name = reader.qualified()
    definition = _definition(reader)
    if not external:
        raise refused("CREATE TABLE without EXTERNAL (Athena makes Iceberg tables of it)")
    if not definition.location:
        raise QueryFailed(
            "FAILED: SemanticException No location was specified for table. An S3 location must be specified"
        )
    need_database(catalog, given or database)
    if catalog.has_table(given or database, name):
        if absent:
            return nothing()
        raise hive_failure(f"{TASK} AlreadyExistsException(message:Table {name} already exist)")
    catalog.create_table(given or database, _table(name, definition))
    return nothing()


def _definition(reader: Reader) -> Definition:
    definition = Definition()
    if reader.next is not None and reader.next.text == "(":
        definition.columns = columns(reader)
    while reader.next is not None:
        _clause(reader, definition)
    return definition


def _clause(reader: Reader, definition: Definition) -> None:
    if reader.take("COMMENT"):
        definition.comment = reader.string()
    elif reader.take("PARTITIONED", "BY"):
        definition.keys = columns(reader)
    elif reader.take("ROW", "FORMAT", "DELIMITED"):
        _delimited(reader, definition)
    elif reader.take("ROW", "FORMAT", "SERDE"):
        definition.serde = reader.string()
    elif reader.take("WITH", "SERDEPROPERTIES"):
        definition.serde_parameters |= properties(reader)
    elif reader.take("STORED", "AS"):
        definition.format = _stored_as(reader)
    elif reader.take("LOCATION"):
        definition.location = reader.string()
    elif reader.take("TBLPROPERTIES"):
        definition.parameters |= properties(reader)
    elif reader.take("CLUSTERED", "BY"):
        raise refused("CREATE TABLE with CLUSTERED BY")
    else:
        raise reader.wrong("Expecting: a clause of CREATE TABLE")


def _delimited(reader: Reader, definition: Definition) -> None:
    found = True
    while found:
        found = False
        for keywords, parameter in DELIMITED.items():
            if reader.take(*keywords):
                definition.serde_parameters[parameter] = reader.string()
                found = True
    if "field.delim" in definition.serde_parameters:
        definition.serde_parameters.setdefault(
            "serialization.format", definition.serde_parameters["field.delim"]
        )


def _stored_as(reader: Reader) -> formats.Format:
    if reader.take("INPUTFORMAT"):
        taken = reader.string()
        reader.need("OUTPUTFORMAT")
        given = reader.string()
        known = (found for found in formats.FORMATS.values() if found.input_format == taken)
        serde = next((found.serde for found in known), "")
        return formats.Format(taken, given, formats.LAZY_SIMPLE if serde == formats.OPEN_CSV else serde)
    word = reader.word().upper
    if word not in STORED_AS:
        raise refused(f"CREATE TABLE with STORED AS {word}")
    return STORED_AS[word]


def _table(name: str, definition: Definition) -> Document:
    given = definition.serde_parameters
    parameters = {"serialization.format": "1", **given}
    body: Document = {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", **definition.parameters},
        "PartitionKeys": definition.keys,
        "StorageDescriptor": {
            "Columns": definition.columns,
            "Location": definition.location,
            "InputFormat": definition.format.input_format,
            "OutputFormat": definition.format.output_format,
            "SerdeInfo": {
                "SerializationLibrary": definition.serde or definition.format.serde,
                "Parameters": parameters,
            },
            "NumberOfBuckets": -1,
            "Compressed": False,
        },
    }
    return body | ({"Description": definition.comment} if definition.comment else {})
