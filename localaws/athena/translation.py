"""DuckDB's errors in Athena's words."""

from __future__ import annotations

import re
from collections.abc import Callable

import duckdb
from sqlglot import exp

from localaws.athena.compiler import UNRESOLVED, Compiled, column_not_found
from localaws.athena.dialect import function_name, position, start_of
from localaws.athena.failures import SYSTEM, QueryFailed

Rule = tuple[re.Pattern[str], Callable[[re.Match[str], Compiled], QueryFailed]]


def translated(error: duckdb.Error, query: Compiled) -> QueryFailed:
    """What Athena would say of an error DuckDB met in a query.

    Args:
        error: DuckDB's error.
        query: The query that ran into it.
    """
    text = str(error)
    ambiguous = "Ambiguous reference" in text
    if query.unresolved is not None and isinstance(error, duckdb.BinderException) and not ambiguous:
        return column_not_found(query.tree, query.unresolved, query.text)
    for pattern, words in RULES:
        if match := pattern.search(text):
            return words(match, query)
    first = re.split(r"\n\s*\n|\nLINE ", text, maxsplit=1)[0].replace("\n", " ").strip()
    message = first.partition(": ")[2] or first
    if isinstance(error, duckdb.BinderException | duckdb.ParserException | duckdb.CatalogException):
        return QueryFailed(f"SYNTAX_ERROR: {message}")
    if isinstance(error, duckdb.OutOfMemoryException):
        return QueryFailed(f"EXCEEDED_LOCAL_MEMORY_LIMIT: {message}", category=SYSTEM, retryable=True)
    if isinstance(error, duckdb.IOException):
        return QueryFailed(f"HIVE_CANNOT_OPEN_SPLIT: {message}")
    return QueryFailed(f"GENERIC_INTERNAL_ERROR: {message}", category=SYSTEM, error_type=200)


def _plain(words: str) -> Callable[[re.Match[str], Compiled], QueryFailed]:
    return lambda match, query: QueryFailed(match.expand(words))


def _column(match: re.Match[str], query: Compiled) -> QueryFailed:
    return column_not_found(query.tree, match["name"], query.text)


def _at(match: re.Match[str], query: Compiled) -> str:
    """The place of a column by its name."""
    used = [
        node
        for node in query.tree.find_all(exp.Column)
        if node.name.lower() == match["name"].lower() and start_of(node) is not None
    ]
    return f"line {position(query.text, min((start_of(node) or 0 for node in used), default=0))}"


def _ambiguous(match: re.Match[str], query: Compiled) -> QueryFailed:
    return QueryFailed(f"AMBIGUOUS_NAME: {_at(match, query)}: Column '{match['name']}' is ambiguous")


def _not_grouped(match: re.Match[str], query: Compiled) -> QueryFailed:
    return QueryFailed(
        f"EXPRESSION_NOT_AGGREGATE: {_at(match, query)}: '{match['name']}' must be an aggregate expression "
        "or appear in GROUP BY clause"
    )


def _parameters(match: re.Match[str], query: Compiled) -> QueryFailed:
    """A function was called with types it does not take."""
    name = match["name"].lower().removeprefix("trino_")
    given = (
        (match.groupdict().get("given") or "")
        .lower()
        .replace("string_literal", "varchar")
        .replace("_literal", "")
    )
    calls = [node for node in query.tree.walk() if function_name(node) == name]
    where = f"line {position(query.text, start_of(calls[0]) or 0)}" if calls else "line 1:1"
    return QueryFailed(f"TYPE_MISMATCH: {where}: Unexpected parameters ({given}) for function {name}")


def _overloads(match: re.Match[str], query: Compiled) -> QueryFailed:
    """A call whose arguments' types neither localaws nor DuckDB could tell."""
    name = match["name"].lower().removeprefix("trino_")
    return QueryFailed(
        f"NOT_SUPPORTED: localaws cannot tell the types of the arguments of {name} here; give them a CAST"
    )


# DuckDB's words for types in its texts, in Trino's.
WORDS = {"INT8": "TINYINT", "INT16": "SMALLINT", "INT32": "INTEGER", "INT64": "BIGINT"}


def _cast(match: re.Match[str], query: Compiled) -> QueryFailed:
    value, kind = match["value"].removesuffix("#"), match["kind"]
    kind = {"INT32": "INT", "BOOL": "BOOLEAN", "FLOAT": "REAL"}.get(kind) or WORDS.get(kind, kind)
    return QueryFailed(f"INVALID_CAST_ARGUMENT: Cannot cast '{value}' to {kind}")


def _to_decimal(match: re.Match[str], query: Compiled) -> QueryFailed:
    source = {"convert string": "VARCHAR", "cast value": "DOUBLE"}.get(match["how"], "DECIMAL")
    kind = f"DECIMAL({match['precision']}, {match['scale']})"
    return QueryFailed(f"INVALID_CAST_ARGUMENT: Cannot cast {source} '{match['value']}' to {kind}")


def _out_of_range(match: re.Match[str], query: Compiled) -> QueryFailed:
    if match["source"] == "INT128":  # a sum of whole numbers, which Trino adds in 64 bits
        return QueryFailed("NUMERIC_VALUE_OUT_OF_RANGE: bigint addition overflow")
    kind = WORDS.get(match["kind"], match["kind"]).lower()
    return QueryFailed(f"NUMERIC_VALUE_OUT_OF_RANGE: Out of range for {kind}: {match['value']}")


def _overflow(match: re.Match[str], query: Compiled) -> QueryFailed:
    kind = WORDS.get(match["kind"], match["kind"]).lower()
    return QueryFailed(f"NUMERIC_VALUE_OUT_OF_RANGE: {kind} {match['what']} overflow: {match['terms']}")


def _instant(match: re.Match[str], query: Compiled) -> QueryFailed:
    value = match["value"].removesuffix("#")
    return QueryFailed(f"INVALID_CAST_ARGUMENT: Value cannot be cast to {match['kind']}: {value}")


AGGREGATES = "WHERE clause cannot contain aggregations, window functions or grouping operations"
RULES: list[Rule] = [
    (re.compile(r"(HIVE_BAD_DATA: .*)"), _plain(r"\1")),
    (re.compile(r"'(INVALID_FUNCTION_ARGUMENT: .*)#' to", re.DOTALL), _plain(r"\1")),
    (re.compile(r"Division by zero"), _plain("DIVISION_BY_ZERO: Division by zero")),
    (re.compile(r'Referenced column "(?P<name>[^"]+)" not found'), _column),
    (re.compile(r'does not have a column named "(?P<name>[^"]+)"'), _column),
    (
        re.compile(r'Referenced table "(?P<name>[^"]+)" not found'),
        _plain(rf"COLUMN_NOT_FOUND: line 1:1: Column '\g<name>' {UNRESOLVED}"),
    ),
    (re.compile(r'Ambiguous reference to column name "(?P<name>[^"]+)"'), _ambiguous),
    (re.compile(r'column "(?P<name>[^"]+)" must appear in the GROUP BY'), _not_grouped),
    (re.compile(r"Macro (?P<name>\w+)\(\) has multiple overloads"), _overloads),
    (
        re.compile(r"^unordered_map::at"),
        _plain("NOT_SUPPORTED: localaws cannot tell the types of what is unnested here; give it a CAST"),
    ),
    (re.compile(r"Macro (?P<name>\w+)\(\) does not support the supplied arguments"), _parameters),
    (
        re.compile(r"No function matches the given name and argument types '(?P<name>\w+)\((?P<given>.*)\)'"),
        _parameters,
    ),
    (re.compile(r"Could not convert string '(?P<value>.*)' to '?(?P<kind>\w+)", re.DOTALL), _cast),
    (
        re.compile(r'invalid (?P<kind>date|timestamp) field format: "(?P<value>.*?)"', re.DOTALL),
        _instant,
    ),
    (
        re.compile(r"Could not parse string \"(?P<value>.*?)\" according to format", re.DOTALL),
        _plain(r'INVALID_FUNCTION_ARGUMENT: Invalid format: "\g<value>"'),
    ),
    (re.compile(r"Overflow in (?P<what>\w+) of (?P<kind>\w+) \((?P<terms>[^)]*)\)"), _overflow),
    (
        re.compile(
            r"Type (?P<source>\w+) with value (?P<value>\S+) can't be cast because the value is out of range "
            r"for the destination type (?P<kind>\w+)"
        ),
        _out_of_range,
    ),
    (
        re.compile(
            r"(?P<how>convert string|cast value|Casting value) \"?(?P<value>[^\"]*?)\"? to (?:type )?"
            r"DECIMAL\((?P<precision>\d+),(?P<scale>\d+)\)"
        ),
        _to_decimal,
    ),
    (
        re.compile(r"Malformed JSON at byte .*?Input: \"(?P<value>.*)\"", re.DOTALL),
        _plain(r"INVALID_FUNCTION_ARGUMENT: Cannot convert value to JSON: '\g<value>'"),
    ),
    (
        re.compile(r'Could not choose a best candidate function .* call "(?P<name>\w+)\((?P<given>[^)]*)\)"'),
        _parameters,
    ),
    (
        re.compile(r"More than one row returned by a subquery"),
        _plain("SUBQUERY_MULTIPLE_ROWS: Scalar sub-query has returned multiple rows"),
    ),
    (
        re.compile(r"WHERE clause cannot contain aggregates"),
        _plain(f"EXPRESSION_NOT_SCALAR: {AGGREGATES}"),
    ),
    (
        re.compile(r"Malformed JSON in file.*", re.DOTALL),
        _plain("HIVE_CURSOR_ERROR: Row is not a valid JSON Object - JSONException"),
    ),
    (
        re.compile(r"Invalid unicode"),
        _plain("HIVE_BAD_DATA: the file is not UTF-8, and localaws reads UTF-8 only"),
    ),
]
