"""What kind of statement a query is, what Athena calls it, and what is inside it."""

from __future__ import annotations

from dataclasses import dataclass, field

from localaws.athena.dialect import parse
from localaws.athena.lexer import Reader, split_words, words_of

DML, DDL, UTILITY = "DML", "DDL", "UTILITY"
EXPECTED = (
    "'ALTER', 'ANALYZE', 'CALL', 'COMMENT', 'COMMIT', 'CREATE', 'DEALLOCATE', 'DELETE', 'DENY', 'DESC', "
    "'DESCRIBE', 'DROP', 'EXECUTE', 'EXPLAIN', 'GRANT', 'INSERT', 'MERGE', 'PREPARE', 'REFRESH', 'RESET', "
    "'REVOKE', 'ROLLBACK', 'SET', 'SHOW', 'START', 'TRUNCATE', 'UNLOAD', 'UPDATE', 'USE', <query>"
)
NOT_SERVED = ("UPDATE", "DELETE", "MERGE", "VACUUM", "OPTIMIZE", "ANALYZE")

# The statements Hive answers, by their first words: type, Athena's name. Longer ones first.
HIVE = {
    ("CREATE", "DATABASE"): (DDL, "CREATE_DATABASE"),
    ("CREATE", "SCHEMA"): (DDL, "CREATE_DATABASE"),
    ("CREATE", "EXTERNAL", "TABLE"): (DDL, "CREATE_TABLE"),
    ("CREATE", "TABLE"): (DDL, "CREATE_TABLE"),
    ("DROP", "DATABASE"): (DDL, "DROP_DATABASE"),
    ("DROP", "SCHEMA"): (DDL, "DROP_DATABASE"),
    ("DROP", "TABLE"): (DDL, "DROP_TABLE"),
    ("DROP", "VIEW"): (DDL, "DROP_VIEW"),
    ("ALTER", "TABLE"): (DDL, "ALTER_TABLE"),
    ("MSCK", "REPAIR", "TABLE"): (DDL, "MSCK_REPAIR"),
    ("SHOW", "DATABASES"): (UTILITY, "SHOW_DATABASES"),
    ("SHOW", "SCHEMAS"): (UTILITY, "SHOW_DATABASES"),
    ("SHOW", "TABLES"): (UTILITY, "SHOW_TABLES"),
    ("SHOW", "VIEWS"): (UTILITY, "SHOW_VIEWS"),
    ("SHOW", "COLUMNS"): (UTILITY, "SHOW_COLUMNS"),
    ("SHOW", "PARTITIONS"): (UTILITY, "SHOW_PARTITIONS"),
    ("SHOW", "CREATE", "TABLE"): (UTILITY, "SHOW_CREATE_TABLE"),
    ("SHOW", "CREATE", "VIEW"): (UTILITY, "SHOW_CREATE_VIEW"),
    ("SHOW", "TBLPROPERTIES"): (UTILITY, "SHOW_TABLE_PROPERTIES"),
    ("DESCRIBE",): (UTILITY, "DESCRIBE_TABLE"),
    ("DESC",): (UTILITY, "DESCRIBE_TABLE"),
}
ALTERATIONS = {
    ("ADD", "COLUMNS"): "ALTER_TABLE_ADD_COLUMN",
    ("REPLACE", "COLUMNS"): "ALTER_TABLE_REPLACE_COLUMN",
    ("ADD", "PARTITION"): "ALTER_TABLE_ADD_PARTITION",
    ("ADD", "IF", "NOT", "EXISTS", "PARTITION"): "ALTER_TABLE_ADD_PARTITION",
    ("DROP", "PARTITION"): "ALTER_TABLE_DROP_PARTITION",
    ("DROP", "IF", "EXISTS", "PARTITION"): "ALTER_TABLE_DROP_PARTITION",
    ("CHANGE",): "ALTER_TABLE_CHANGE_COLUMN",
    ("RENAME", "TO", "PARTITION"): "ALTER_TABLE_RENAME_PARTITION",
    ("SET", "TBLPROPERTIES"): "ALTER_TABLE_PROPERTIES",
    ("SET", "LOCATION"): "ALTER_TABLE_SET_LOCATION",
}


@dataclass(frozen=True)
class Statement:
    """A statement taken apart.

    Attributes:
        text: The whole of it.
        type: ``DML``, ``DDL`` or ``UTILITY``.
        name: Athena's name of it, the SubstatementType.
        query: The query inside, in its place in the text; empty when there is none.
        target: Database (None: the query's own) and name of the table or view it makes or fills.
        location: The S3 URI an UNLOAD writes to.
        options: The WITH properties of UNLOAD and CTAS, names in lower case.
        columns: The columns an INSERT or a view names.
        replace: CREATE OR REPLACE.
        if_not_exists: CREATE … IF NOT EXISTS.
        served: False for what Athena runs and this does not.
        prepared: The text a PREPARE keeps under the target's name.
        values: The SQL expressions an EXECUTE gives for the question marks.
    """

    text: str
    type: str
    name: str
    query: str = ""
    target: tuple[str | None, str] = (None, "")
    location: str = ""
    options: dict[str, str | list[str]] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    replace: bool = False
    if_not_exists: bool = False
    served: bool = True
    prepared: str = ""
    values: tuple[str, ...] = ()


def statement_of(sql: str) -> Statement:
    """Take a statement apart, and see that the query in it can be read.

    Raises:
        AwsError: MALFORMED_QUERY, as StartQueryExecution answers at once.
    """
    words = words_of(sql)
    reader = Reader(sql, words)
    first = words[0].upper if words else ""
    statement = _outer(sql, reader, first)
    if statement is None:
        raise reader.wrong(f"Expecting: {EXPECTED}")
    if statement.query:
        parse(statement.query)
    return statement


def _outer(sql: str, reader: Reader, first: str) -> Statement | None:
    if first in ("SELECT", "WITH", "VALUES", "TABLE", "("):
        return Statement(sql, DML, "SELECT", query=reader.rest())
    if first == "EXPLAIN":
        return _explain(sql, reader)
    if first == "UNLOAD":
        return _unload(sql, reader)
    if reader.take("INSERT", "INTO"):
        return _insert(sql, reader)
    if first == "CREATE" and (found := _create_query(sql, reader)):
        return found
    if first in ("PREPARE", "EXECUTE", "DEALLOCATE"):
        return _prepared(sql, reader, first)
    if first in NOT_SERVED:
        return Statement(sql, DML, first, served=False)
    reader.at = 0
    return _hive(sql, reader)


def _prepared(sql: str, reader: Reader, first: str) -> Statement:
    """PREPARE name FROM statement, EXECUTE name [USING value, …], DEALLOCATE PREPARE name."""
    reader.need(*(("DEALLOCATE", "PREPARE") if first == "DEALLOCATE" else (first,)))
    name = reader.word().value
    if first == "PREPARE":
        reader.need("FROM")
        text = reader.rest()
        if not statement_of(text.strip()).query:
            raise reader.wrong("Expecting: <query>")
        return Statement(sql, DDL, first, target=(None, name), prepared=text.strip())
    values: tuple[str, ...] = ()
    if first == "EXECUTE" and reader.take("USING"):
        parts = split_words(reader.words[reader.at :])
        values = tuple(sql[part[0].start : part[-1].end] for part in parts if part)
        reader.at = len(reader.words)
    reader.end()
    return Statement(
        sql, DDL if first == "DEALLOCATE" else UTILITY, first, target=(None, name), values=values
    )


def _explain(sql: str, reader: Reader) -> Statement:
    reader.need("EXPLAIN")
    if reader.next and reader.next.upper in ("ANALYZE", "("):
        return Statement(sql, DML, "EXPLAIN", served=False)
    return Statement(sql, DML, "EXPLAIN", query=reader.rest())


def _unload(sql: str, reader: Reader) -> Statement:
    reader.need("UNLOAD")
    inner = reader.inside()
    if not inner:
        raise reader.wrong()
    query = Reader(sql, inner).rest()
    reader.need("TO")
    location = reader.string()
    options = _options(reader) if reader.take("WITH") else {}
    reader.end()
    return Statement(sql, DML, "UNLOAD", query=query, location=location, options=options)


def _insert(sql: str, reader: Reader) -> Statement:
    target = reader.qualified()
    columns: tuple[str, ...] = ()
    ahead = reader.words[reader.at + 1 : reader.at + 2]
    bracketed = reader.next and reader.next.text == "("
    if bracketed and not (ahead and ahead[0].upper in ("SELECT", "WITH", "VALUES", "(")):
        columns = tuple(word.value.lower() for word in reader.inside() if word.text != ",")
    return Statement(sql, DML, "INSERT", query=reader.rest(), target=target, columns=columns)


def _create_query(sql: str, reader: Reader) -> Statement | None:
    """CREATE VIEW and CREATE TABLE … AS; None for the CREATEs that Hive answers."""
    reader.need("CREATE")
    replace = reader.take("OR", "REPLACE")
    if reader.take("VIEW"):
        target = reader.qualified()
        columns = (
            tuple(word.value.lower() for word in reader.inside() if word.text != ",")
            if _opens(reader)
            else ()
        )
        reader.need("AS")
        return Statement(
            sql, DDL, "CREATE_VIEW", query=reader.rest(), target=target, columns=columns, replace=replace
        )
    if replace or not reader.take("TABLE"):
        return None
    absent = reader.take("IF", "NOT", "EXISTS")
    target = reader.qualified()
    options = _options(reader) if reader.take("WITH") else {}
    if not reader.take("AS"):
        return None
    name = "CREATE_TABLE_AS_SELECT"
    return Statement(
        sql,
        DDL,
        name,
        query=_without_data_clause(reader),
        target=target,
        options=options,
        if_not_exists=absent,
    )


def _without_data_clause(reader: Reader) -> str:
    """The query of a CTAS, without a closing ``WITH [NO] DATA``."""
    ending = [word.upper for word in reader.words[-3:]]
    if ending == ["WITH", "NO", "DATA"]:
        raise reader.wrong("localaws does not run CREATE TABLE … WITH NO DATA.")
    if ending[1:] == ["WITH", "DATA"]:
        del reader.words[-2:]
    return reader.rest()


def _opens(reader: Reader) -> bool:
    return reader.next is not None and reader.next.text == "("


def _options(reader: Reader) -> dict[str, str | list[str]]:
    """``(name = 'text', other = ARRAY['a', 'b'], third = true)``."""
    options: dict[str, str | list[str]] = {}
    for part in split_words(reader.inside()):
        if len(part) < 3 or part[1].text != "=":
            raise reader.wrong("Expecting: name = value")
        name, value = part[0].value.lower(), part[2:]
        if value[0].upper == "ARRAY":
            options[name] = [word.value for word in value if word.kind == "string"]
        else:
            options[name] = value[0].value
    return options


def _hive(sql: str, reader: Reader) -> Statement | None:
    words = [word.upper for word in reader.words]
    for length in (3, 2, 1):
        found = HIVE.get(tuple(words[:length]))
        if found is None:
            continue
        kind, name = found
        if name == "ALTER_TABLE":
            return _alter(sql, words)
        return Statement(sql, kind, name)
    return Statement(sql, UTILITY, "SHOW", served=False) if words[:1] == ["SHOW"] else None


def _alter(sql: str, words: list[str]) -> Statement:
    for keys, name in ALTERATIONS.items():
        length = len(keys)
        if any(tuple(words[at : at + length]) == keys for at in range(2, len(words))):
            return Statement(sql, DDL, name)
    return Statement(sql, DDL, "ALTER_TABLE", served=False)
