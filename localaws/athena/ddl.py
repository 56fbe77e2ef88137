"""The statements Athena hands to Hive: databases, drops, repairs; the larger ones lie beside."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

from localaws.athena import altertable, createtable, shows
from localaws.athena.failures import SYSTEM, hive_failure
from localaws.athena.hive import TASK, need_database, need_table, nothing, properties
from localaws.athena.lexer import Reader, words_of
from localaws.athena.outcomes import Outcome
from localaws.athena.statements import Statement
from localaws.errors import AwsError
from localaws.glue.catalog import Catalog, Document
from localaws.s3.blobs import split_uri

Step = Callable[[Reader, Catalog, str], Outcome]


def run(statement: Statement, catalog: Catalog, database: str) -> Outcome:
    """Carry out a statement of Hive's.

    Args:
        statement: What is asked.
        catalog: The Glue catalogue.
        database: The database of unqualified names.

    Raises:
        QueryFailed: It failed, in Hive's words.
    """
    reader = Reader(statement.text, words_of(statement.text, hive=True))
    try:
        return STEPS[statement.name](reader, catalog, database)
    except AwsError as error:
        if error.fields.get("AthenaErrorCode") == "MALFORMED_QUERY":
            raise hive_failure(f"ParseException {error.message}", category=SYSTEM, error_type=1003) from error
        raise hive_failure(f"{TASK} {error.message}", error_type=1100) from error


def _create_database(reader: Reader, catalog: Catalog, database: str) -> Outcome:
    reader.at = 2
    absent = reader.take("IF", "NOT", "EXISTS")
    body: Document = {"Name": reader.name()}
    while reader.next is not None:
        if reader.take("COMMENT"):
            body["Description"] = reader.string()
        elif reader.take("LOCATION"):
            body["LocationUri"] = reader.string()
        else:
            reader.need("WITH", "DBPROPERTIES")
            body["Parameters"] = properties(reader)
    try:
        catalog.create_database(body)
    except AwsError as error:
        if not absent:
            raise hive_failure(f"{TASK} Database {body['Name']} already exists") from error
    return nothing()


def _drop_database(reader: Reader, catalog: Catalog, database: str) -> Outcome:
    reader.at = 2
    absent = reader.take("IF", "EXISTS")
    name = reader.name()
    cascade = reader.take("CASCADE")
    if not cascade:
        reader.take("RESTRICT")
    reader.end()
    if absent and catalog.store.get("glue.database", name) is None:
        return nothing()
    need_database(catalog, name)
    if catalog.tables(name) and not cascade:
        message = f"Database {name} is not empty. One or more tables exist."
        raise hive_failure(f"{TASK} InvalidOperationException(message:{message})")
    catalog.delete_database(name)
    return nothing()


def _drop_table(reader: Reader, catalog: Catalog, database: str) -> Outcome:
    reader.at = 2
    absent = reader.take("IF", "EXISTS")
    given, name = reader.qualified()
    reader.end()
    if absent and not catalog.has_table(given or database, name):
        return nothing()
    need_table(catalog, given or database, name)
    catalog.delete_table(given or database, name)
    return nothing()


def _repair(reader: Reader, catalog: Catalog, database: str) -> Outcome:
    """Add a partition for each ``key=value`` folder that has none."""
    reader.at = 3
    given, name = reader.qualified()
    reader.end()
    database = given or database
    if not catalog.has_table(database, name):
        return Outcome(body=f"Tables not in metastore:\t{name}")
    table = catalog.table(database, name)
    keys = [key["Name"].lower() for key in table.get("PartitionKeys") or []]
    if not keys:
        return Outcome(body="")
    location = table["StorageDescriptor"]["Location"].rstrip("/") + "/"
    known = {tuple(body["Values"]) for body in catalog.partitions(database, name)}
    found = {
        values: folder for folder, values in _folders(catalog, location, keys).items() if values not in known
    }
    for values, folder in found.items():
        descriptor = {**table["StorageDescriptor"], "Location": location + folder}
        catalog.create_partition(database, name, {"Values": list(values), "StorageDescriptor": descriptor})
    if not found:
        return Outcome(body="")
    folders = [folder.rstrip("/") for folder in found.values()]
    lines = ["\t".join(["Partitions not in metastore:", *(f"{name}:{folder}" for folder in folders)])]
    lines += [f"Repair: Added partition to metastore {name}:{folder}" for folder in folders]
    return Outcome(body="\n".join(lines))


def _folders(catalog: Catalog, location: str, keys: list[str]) -> dict[str, tuple[str, ...]]:
    """The folders under a location that are called by the partition keys, with their values."""
    bucket, prefix = split_uri(location)
    found: dict[str, tuple[str, ...]] = {}
    for item in catalog.world.objects.list(bucket, prefix):
        parts = item.key[len(prefix) :].split("/")[: len(keys)]
        pairs = [part.partition("=") for part in parts]
        if len(parts) == len(keys) and [name.lower() for name, sign, _ in pairs if sign] == keys:
            found["/".join(parts) + "/"] = tuple(unquote(value) for _, _, value in pairs)
    return found


STEPS: dict[str, Step] = {
    "CREATE_DATABASE": _create_database,
    "DROP_DATABASE": _drop_database,
    "DROP_TABLE": _drop_table,
    "DROP_VIEW": _drop_table,
    "MSCK_REPAIR": _repair,
    "CREATE_TABLE": createtable.create_table,
    "ALTER_TABLE_ADD_PARTITION": altertable.add_partitions,
    "ALTER_TABLE_DROP_PARTITION": altertable.drop_partitions,
    "ALTER_TABLE_ADD_COLUMN": altertable.add_columns,
    "ALTER_TABLE_REPLACE_COLUMN": altertable.replace_columns,
    "ALTER_TABLE_CHANGE_COLUMN": altertable.change_column,
    "ALTER_TABLE_RENAME_PARTITION": altertable.rename_partition,
    "ALTER_TABLE_PROPERTIES": altertable.set_properties,
    "ALTER_TABLE_SET_LOCATION": altertable.set_location,
    **shows.STEPS,
}
