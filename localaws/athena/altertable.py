"""ALTER TABLE: partitions, columns, properties and the location of a table."""

from __future__ import annotations

from localaws.athena.failures import QueryFailed, hive_failure
from localaws.athena.hive import TASK, column_of, columns, need_table, nothing, properties
from localaws.athena.lexer import Reader, split_words
from localaws.athena.outcomes import Outcome
from localaws.athena.writes import partition_folder
from localaws.errors import AwsError
from localaws.glue.catalog import Catalog, Document


def _target(reader: Reader, catalog: Catalog, database: str) -> tuple[str, Document]:
    reader.need("ALTER", "TABLE")
    given, name = reader.qualified()
    return given or database, need_table(catalog, given or database, name)


def _values(reader: Reader, table: Document) -> list[str]:
    """``(key = value, …)`` in the order of the table's partition keys."""
    given = {}
    for part in split_words(reader.inside()):
        if len(part) < 3 or part[1].text != "=":
            raise reader.wrong("Expecting: key = value")
        given[part[0].value.lower()] = "".join(word.value for word in part[2:])
    keys = [key["Name"].lower() for key in table.get("PartitionKeys") or []]
    if sorted(given) != sorted(keys):
        raise hive_failure(
            f"SemanticException partition spec {given} does not match the keys [{', '.join(keys)}]"
        )
    return [given[key] for key in keys]


def add_partitions(reader: Reader, catalog: Catalog, database: str) -> Outcome:
    """ADD [IF NOT EXISTS] PARTITION (…) [LOCATION '…'] …, each of them.

    Raises:
        QueryFailed: A partition exists.
    """
    database, table = _target(reader, catalog, database)
    reader.need("ADD")
    absent = reader.take("IF", "NOT", "EXISTS")
    keys = [key["Name"] for key in table.get("PartitionKeys") or []]
    with catalog.store.transaction():
        while reader.next is not None:
            reader.need("PARTITION")
            values = _values(reader, table)
            root = table["StorageDescriptor"]["Location"].rstrip("/") + "/"
            location = reader.string() if reader.take("LOCATION") else root + partition_folder(keys, values)
            body = {
                "Values": values,
                "StorageDescriptor": {**table["StorageDescriptor"], "Location": location},
            }
            try:
                catalog.create_partition(database, table["Name"], body)
            except AwsError as error:
                if not absent or error.code != "AlreadyExistsException":
                    raise hive_failure(
                        f"{TASK} AlreadyExistsException(message:Partition already exists.)"
                    ) from error
    return nothing()


def drop_partitions(reader: Reader, catalog: Catalog, database: str) -> Outcome:
    """DROP [IF EXISTS] PARTITION (…), …, each of them; the data stays.

    Raises:
        QueryFailed: A partition is not there.
    """
    database, table = _target(reader, catalog, database)
    reader.need("DROP")
    absent = reader.take("IF", "EXISTS")
    with catalog.store.transaction():
        while reader.next is not None:
            reader.need("PARTITION")
            values = _values(reader, table)
            reader.take(",")
            try:
                catalog.delete_partition(database, table["Name"], values)
            except AwsError as error:
                if not absent:
                    raise hive_failure(
                        f"SemanticException [Error 10006]: Partition not found {values}"
                    ) from error
    return nothing()


def _update(catalog: Catalog, database: str, table: Document) -> Outcome:
    catalog.update_table(database, table)
    return nothing()


def add_columns(reader: Reader, catalog: Catalog, database: str) -> Outcome:
    """ADD COLUMNS (name type, …), behind those there are.

    Raises:
        QueryFailed: A column exists.
    """
    database, table = _target(reader, catalog, database)
    reader.need("ADD", "COLUMNS")
    more, known = columns(reader), table["StorageDescriptor"]["Columns"]
    for column in more:
        if column["Name"] in (found["Name"].lower() for found in known):
            raise QueryFailed(f"FAILED: {TASK} Duplicate column name: {column['Name']}")
    table["StorageDescriptor"]["Columns"] = known + more
    return _update(catalog, database, table)


def replace_columns(reader: Reader, catalog: Catalog, database: str) -> Outcome:
    """REPLACE COLUMNS (name type, …)."""
    database, table = _target(reader, catalog, database)
    reader.need("REPLACE", "COLUMNS")
    table["StorageDescriptor"]["Columns"] = columns(reader)
    return _update(catalog, database, table)


def set_properties(reader: Reader, catalog: Catalog, database: str) -> Outcome:
    """SET TBLPROPERTIES ('name' = 'value', …), over those there are."""
    database, table = _target(reader, catalog, database)
    reader.need("SET", "TBLPROPERTIES")
    table["Parameters"] = {**table.get("Parameters", {}), **properties(reader)}
    return _update(catalog, database, table)


def set_location(reader: Reader, catalog: Catalog, database: str) -> Outcome:
    """[PARTITION (…)] SET LOCATION '…'.

    Raises:
        QueryFailed: The partition is not there.
    """
    database, table = _target(reader, catalog, database)
    values = _values(reader, table) if reader.take("PARTITION") else None
    reader.need("SET", "LOCATION")
    location = reader.string()
    if values is None:
        table["StorageDescriptor"]["Location"] = location
        return _update(catalog, database, table)
    body = _partition(catalog, database, table, values)
    body["StorageDescriptor"]["Location"] = location
    catalog.update_partition(database, table["Name"], values, body)
    return nothing()


def _partition(catalog: Catalog, database: str, table: Document, values: list[str]) -> Document:
    try:
        return catalog.partition(database, table["Name"], values)
    except AwsError as error:
        raise hive_failure(f"SemanticException [Error 10006]: Partition not found {values}") from error


def rename_partition(reader: Reader, catalog: Catalog, database: str) -> Outcome:
    """PARTITION (…) RENAME TO PARTITION (…); its files stay where they are.

    Raises:
        QueryFailed: The one is not there, or the other is.
    """
    database, table = _target(reader, catalog, database)
    reader.need("PARTITION")
    old = _values(reader, table)
    reader.need("RENAME", "TO", "PARTITION")
    new = _values(reader, table)
    body = _partition(catalog, database, table, old)
    catalog.update_partition(database, table["Name"], old, {**body, "Values": new})
    return nothing()


def change_column(reader: Reader, catalog: Catalog, database: str) -> Outcome:
    """CHANGE [COLUMN] old new type [COMMENT '…'] [FIRST | AFTER other].

    Raises:
        QueryFailed: The column is not there, or another has the new name.
    """
    database, table = _target(reader, catalog, database)
    reader.need("CHANGE")
    reader.take("COLUMN")
    old = reader.name()
    rest = reader.words[reader.at :]
    ends = [word.upper for word in rest]
    place = next((n for n, word in enumerate(ends) if word in ("FIRST", "AFTER") and n > 1), len(rest))
    changed = column_of(reader, rest[:place])
    known = table["StorageDescriptor"]["Columns"]
    names = [column["Name"].lower() for column in known]
    if old not in names:
        raise hive_failure(f"{TASK} Invalid column reference {old}")
    if changed["Name"] != old and changed["Name"] in names:
        raise hive_failure(f"{TASK} Duplicate column name: {changed['Name']}")
    others = [column for column in known if column["Name"].lower() != old]
    at = names.index(old)
    if place < len(rest):
        after = "" if ends[place] == "FIRST" else rest[place + 1].value.lower()
        listed = [column["Name"].lower() for column in others]
        if after and after not in listed:
            raise hive_failure(f"{TASK} Invalid column reference {after}")
        at = listed.index(after) + 1 if after else 0
    table["StorageDescriptor"]["Columns"] = [*others[:at], changed, *others[at:]]
    return _update(catalog, database, table)
