"""SHOW and DESCRIBE: the catalogue told as text, one value a line, padded as Hive pads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from localaws.athena.columns import column_info
from localaws.athena.compiler import view_body
from localaws.athena.failures import hive_failure, refused
from localaws.athena.hive import need_database, need_table
from localaws.athena.lexer import Reader
from localaws.athena.outcomes import Outcome
from localaws.athena.writes import partition_folder
from localaws.glue import formats
from localaws.glue.catalog import Catalog, Document

WIDTH = 20
HEADINGS = ["\t \t ", "# Partition Information\t \t ", None, "\t \t "]


def _answer(names: Iterable[str], lines: Iterable[str], word: str = "string") -> Outcome:
    return Outcome([column_info(name, word) for name in names], "\n".join(lines))


def _pattern(reader: Reader) -> Callable[[str], bool]:
    """``[LIKE] 'pattern'``: a regular expression in which a lone ``*`` stands for anything."""
    reader.take("LIKE")
    if reader.next is None:
        return lambda name: True
    text = re.sub(r"(?<![.\])])\*", ".*", reader.string())
    reader.end()
    try:
        pattern = re.compile(text, re.IGNORECASE)
    except re.error as error:
        raise hive_failure(f"SemanticException pattern {text!r}: {error}") from error
    return lambda name: pattern.fullmatch(name) is not None


def _in_database(reader: Reader, database: str) -> str:
    return reader.name() if reader.take("IN") or reader.take("FROM") else database


def _databases(reader: Reader, catalog: Catalog, database: str) -> Outcome:
    reader.at = 2
    keep = _pattern(reader)
    return _answer(["database_name"], (body["Name"] for body in catalog.databases() if keep(body["Name"])))


def _tables(reader: Reader, catalog: Catalog, database: str) -> Outcome:
    reader.at = 2
    database = _in_database(reader, database)
    need_database(catalog, database)
    keep = _pattern(reader)
    return _answer(["tab_name"], (body["Name"] for body in catalog.tables(database) if keep(body["Name"])))


def _views(reader: Reader, catalog: Catalog, database: str) -> Outcome:
    reader.at = 2
    database = _in_database(reader, database)
    need_database(catalog, database)
    keep = _pattern(reader)
    found = (body["Name"] for body in catalog.tables(database) if body.get("TableType") == "VIRTUAL_VIEW")
    return _answer(["views"], filter(keep, found), "varchar")


def _table_after(reader: Reader, catalog: Catalog, database: str, words: int) -> Document:
    reader.at = words
    given, name = reader.qualified()
    return need_table(catalog, given or database, name)


def _all_columns(table: Document) -> list[Document]:
    return [*table.get("StorageDescriptor", {}).get("Columns", []), *(table.get("PartitionKeys") or [])]


def _columns(reader: Reader, catalog: Catalog, database: str) -> Outcome:
    reader.at = 2
    if not reader.take("IN"):
        reader.need("FROM")
    given, name = reader.qualified()
    table = need_table(catalog, _in_database(reader, given or database), name)
    if table.get("TableType") == "VIRTUAL_VIEW":
        return _described_view(table)
    return _answer(["field"], (column["Name"].lower().ljust(WIDTH) for column in _all_columns(table)))


def _partitions(reader: Reader, catalog: Catalog, database: str) -> Outcome:
    table = _table_after(reader, catalog, database, 2)
    reader.end()
    keys = [key["Name"] for key in table.get("PartitionKeys") or []]
    if not keys:
        name = f"{table['DatabaseName']}.{table['Name']}"
        raise hive_failure(f"SemanticException [Error 10241]: Table {name} is not a partitioned table")
    found = catalog.partitions(table["DatabaseName"], table["Name"])
    return _answer(["partition"], (partition_folder(keys, body["Values"]).rstrip("/") for body in found))


def _properties(reader: Reader, catalog: Catalog, database: str) -> Outcome:
    table = _table_after(reader, catalog, database, 2)
    given = table.get("Parameters", {})
    if reader.next is not None:
        wanted = [word.value for word in reader.inside()]
        given = {name: value for name, value in given.items() if name in wanted}
    return _answer(["prpt_name", "prpt_value"], (f"{name}\t{value}" for name, value in given.items()))


def _described(reader: Reader, catalog: Catalog, database: str) -> Outcome:
    reader.at = 1
    if reader.take("EXTENDED") or reader.take("FORMATTED"):
        raise refused("DESCRIBE EXTENDED and DESCRIBE FORMATTED")
    table = _table_after(reader, catalog, database, reader.at)
    reader.end()
    if table.get("TableType") == "VIRTUAL_VIEW":
        return _described_view(table)
    lines = [_padded(column) for column in _all_columns(table)]
    if keys := table.get("PartitionKeys"):
        title = "\t".join(word.ljust(WIDTH) for word in ("# col_name", "data_type", "comment"))
        lines += [heading or title for heading in HEADINGS] + [_padded(key) for key in keys]
    return _answer(["col_name", "data_type", "comment"], lines)


def _padded(column: Document) -> str:
    cells = (column["Name"].lower(), column.get("Type", "string"), column.get("Comment", ""))
    return "\t".join(cell.ljust(WIDTH) for cell in cells)


def _described_view(table: Document) -> Outcome:
    listed = view_body(table)["columns"]
    return _answer(
        ["column", "type"], (f"{column['name']}\t{column['type']}" for column in listed), "varchar"
    )


def _view_text(reader: Reader, catalog: Catalog, database: str) -> Outcome:
    table = _table_after(reader, catalog, database, 3)
    reader.end()
    body = view_body(table)
    text = f"CREATE VIEW {table['DatabaseName']}.{table['Name']} AS\n{body['originalSql']}"
    return _answer(["create view"], [text], "varchar")


def _table_text(reader: Reader, catalog: Catalog, database: str) -> Outcome:
    table = _table_after(reader, catalog, database, 3)
    reader.end()
    if table.get("TableType") == "VIRTUAL_VIEW":
        raise hive_failure(f"SemanticException {table['Name']} is a view: use SHOW CREATE VIEW")
    return _answer(["createtab_stmt"], [create_text(table, reader.words[3:])])


def create_text(table: Document, named: list) -> str:
    """The CREATE EXTERNAL TABLE of a table, line by line as Athena gives it.

    Args:
        table: The table's document.
        named: The words it was asked for by: its name comes back as it was given.
    """
    name = ".".join(word.value.lower() for word in named if word.text != ".")
    descriptor = table["StorageDescriptor"]
    lines = [f"CREATE EXTERNAL TABLE `{name}`("]
    lines += _column_lines(descriptor.get("Columns", []))
    if keys := table.get("PartitionKeys"):
        lines += ["PARTITIONED BY ( ", *_column_lines(keys)]
    lines += _row_format(descriptor.get("SerdeInfo", {}))
    lines += ["STORED AS INPUTFORMAT ", f"  '{descriptor.get('InputFormat', '')}' "]
    lines += ["OUTPUTFORMAT ", f"  '{descriptor.get('OutputFormat', '')}'"]
    lines += ["LOCATION", f"  '{descriptor.get('Location', '')}'"]
    shown = {key: value for key, value in table.get("Parameters", {}).items() if key != "EXTERNAL"}
    pairs = [f"  '{key}'='{value}'" for key, value in sorted(shown.items())]
    if pairs:
        lines += ["TBLPROPERTIES (", ", \n".join(pairs) + ")"]
    return "\n".join(lines)


def _column_lines(columns: list[Document]) -> list[str]:
    def line(column: Document) -> str:
        comment = f" COMMENT '{column['Comment']}'" if column.get("Comment") else ""
        return f"  `{column['Name'].lower()}` {column.get('Type', 'string')}{comment}"

    return [", \n".join(line(column) for column in columns) + ")"]


def _row_format(serde: Document) -> list[str]:
    parameters = serde.get("Parameters", {})
    if serde.get("SerializationLibrary") == formats.LAZY_SIMPLE and "field.delim" in parameters:
        return ["ROW FORMAT DELIMITED ", f"  FIELDS TERMINATED BY '{_escaped(parameters['field.delim'])}' "]
    lines = ["ROW FORMAT SERDE ", f"  '{serde.get('SerializationLibrary', '')}' "]
    own = {key: value for key, value in parameters.items() if key != "serialization.format"}
    if own:
        pairs = (f"  '{key}'='{_escaped(value)}'" for key, value in sorted(own.items()))
        lines += ["WITH SERDEPROPERTIES ( ", ", \n".join(pairs) + ") "]
    return lines


def _escaped(text: str) -> str:
    signs = {"\t": "\\t", "\n": "\\n", ";": "\\;", "\\": "\\\\", "'": "\\'"}
    return "".join(signs.get(sign, sign if sign >= " " else f"\\u{ord(sign):04x}") for sign in text)


STEPS: dict[str, Callable[[Reader, Catalog, str], Outcome]] = {
    "SHOW_DATABASES": _databases,
    "SHOW_TABLES": _tables,
    "SHOW_VIEWS": _views,
    "SHOW_COLUMNS": _columns,
    "SHOW_PARTITIONS": _partitions,
    "SHOW_TABLE_PROPERTIES": _properties,
    "SHOW_CREATE_TABLE": _table_text,
    "SHOW_CREATE_VIEW": _view_text,
    "DESCRIBE_TABLE": _described,
}
