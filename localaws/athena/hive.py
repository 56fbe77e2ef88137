"""What Hive's statements have in common: finding things, reading lists, failing in Hive's words."""

from __future__ import annotations

from localaws.athena.failures import hive_failure
from localaws.athena.hivetypes import hive_kind
from localaws.athena.lexer import Reader, Word, split_words
from localaws.athena.outcomes import Outcome
from localaws.glue.catalog import Catalog, Document

TASK = "Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask."


def nothing() -> Outcome:
    """The outcome of a statement without a result: an empty text."""
    return Outcome(body="", metadata=False)


def need_table(catalog: Catalog, database: str, name: str) -> Document:
    """A table.

    Raises:
        QueryFailed: It is not there, in Hive's words.
    """
    if not catalog.has_table(database, name):
        raise hive_failure(
            f"SemanticException [Error 10001]: Table not found {database}.{name}", error_type=1301
        )
    return catalog.table(database, name)


def need_database(catalog: Catalog, name: str) -> Document:
    """A database.

    Raises:
        QueryFailed: It is not there, in Hive's words.
    """
    found = catalog.store.get("glue.database", name)
    if found is None:
        raise hive_failure(
            f"SemanticException [Error 10072]: Database does not exist: {name}", error_type=1301
        )
    return found


def properties(reader: Reader) -> dict[str, str]:
    """``('name' = 'value', …)``.

    Raises:
        AwsError: MALFORMED_QUERY; a pair is not of that form.
    """
    found: dict[str, str] = {}
    for part in split_words(reader.inside()):
        if len(part) != 3 or part[1].text != "=":
            raise reader.wrong("Expecting: 'name' = 'value'")
        found[_text(part[0])] = _text(part[2])
    return found


def _text(word: Word) -> str:
    return word.value


def columns(reader: Reader) -> list[Document]:
    """``(name type [COMMENT 'text'], …)`` as the catalogue keeps columns.

    Raises:
        AwsError: MALFORMED_QUERY; a column has no type.
        QueryFailed: A type is not Hive's.
    """
    return [column_of(reader, part) for part in split_words(reader.inside())]


def column_of(reader: Reader, part: list[Word]) -> Document:
    """``name type [COMMENT 'text']`` as the catalogue keeps a column.

    Raises:
        AwsError: MALFORMED_QUERY; it has no type.
        QueryFailed: The type is not Hive's.
    """
    comments = [n for n, word in enumerate(part) if word.upper == "COMMENT" and n > 1]
    kind = part[1 : comments[0]] if comments else part[1:]
    if not kind:
        raise reader.wrong("Expecting: name type")
    column = {"Name": part[0].value.lower(), "Type": "".join(word.text for word in kind).lower()}
    hive_kind(column["Type"])
    if comments:
        column["Comment"] = part[comments[0] + 1].value
    return column
