"""CREATE and ALTER: Redshift's tables as DuckDB's, with the lengths of their texts kept as comments.

Keys and references are not enforced, as in Redshift; NOT NULL, defaults and identities are.
"""

# ruff: noqa: S608  # makes SQL: its parts are quoted names and literals
from __future__ import annotations

from sqlglot import exp

from localaws.athena.hivetypes import literal, quoted
from localaws.redshift import functions
from localaws.redshift.compiler import check_types, compiled
from localaws.redshift.engine import Link
from localaws.redshift.failures import StatementFailed, refused

LENGTHS = {"VARCHAR": 256, "NVARCHAR": 256, "TEXT": 256, "CHAR": 1, "NCHAR": 1, "BPCHAR": 256}
PADDED = ("CHAR", "NCHAR", "BPCHAR")
NOT_ENFORCED = (
    exp.PrimaryKeyColumnConstraint,
    exp.UniqueColumnConstraint,
    exp.Reference,
    exp.EncodeColumnConstraint,
    exp.CollateColumnConstraint,
)
TABLE_CONSTRAINTS = (exp.PrimaryKey, exp.ForeignKey, exp.UniqueColumnConstraint, exp.Constraint)
KINDS = ("TABLE", "VIEW", "SCHEMA")


def create(tree: exp.Create, link: Link) -> None:
    """Carry a CREATE out.

    Raises:
        StatementFailed: It asks for what is not served.
    """
    kind = str(tree.kind).upper()
    if kind not in KINDS:
        raise refused(f"CREATE {kind}")
    if kind == "SCHEMA":
        exists = "IF NOT EXISTS " if tree.args.get("exists") else ""
        name = tree.this.db or tree.this.name
        link.execute(f"CREATE SCHEMA {exists}{quoted(link.database)}.{quoted(name)}")
        return
    properties = tree.args.get("properties")
    listed = list(properties.expressions) if properties is not None else []
    temporary = any(isinstance(item, exp.TemporaryProperty) for item in listed)
    if any(isinstance(item, exp.MaterializedProperty | exp.ExternalProperty) for item in listed):
        raise refused(f"CREATE of such a {kind.lower()}: {tree.sql('redshift')[:60]}")
    target = tree.find(exp.Table)
    temporary = temporary or target.name.startswith("#")
    like = next((item for item in tree.find_all(exp.LikeProperty)), None)
    tree.set("properties", exp.Properties(expressions=[exp.TemporaryProperty()]) if temporary else None)
    if like is not None:
        _create_like(tree, like, link)
        return
    lengths, sequences = _columns(tree, link, target)
    for sequence in sequences:
        link.execute(sequence)
    link.execute(compiled(tree, link, link.database))
    for column, declared in lengths.items():
        _note(link, table_name(target, link), column, declared)


def _create_like(tree: exp.Create, like: exp.LikeProperty, link: Link) -> None:
    source, target = table_name(like.this, link), table_name(tree.find(exp.Table), link)
    temporary = "TEMP " if tree.args.get("properties") else ""
    exists = "IF NOT EXISTS " if tree.args.get("exists") else ""
    link.execute(f"CREATE {temporary}TABLE {exists}{target} AS FROM {source} LIMIT 0")
    for name, nullable, declared in _described(like.this, link):
        if not nullable:
            link.execute(f"ALTER TABLE {target} ALTER {quoted(name)} SET NOT NULL")
        if declared:
            _note(link, target, name, declared)


def _columns(tree: exp.Create, link: Link, target: exp.Table) -> tuple[dict[str, str], list[str]]:
    """Make a table's columns DuckDB's: the declared lengths by column, and the sequences of identities."""
    if not isinstance(tree.this, exp.Schema):
        return {}, []
    lengths, sequences, kept = {}, [], []
    for item in tree.this.expressions:
        if isinstance(item, TABLE_CONSTRAINTS):
            continue
        if not isinstance(item, exp.ColumnDef):
            raise refused(f"{item.sql('redshift')[:60]} in CREATE TABLE")
        if declared := declared_length(item.kind):
            lengths[item.name] = declared
            item.set("kind", exp.DataType.build("VARCHAR"))
        constraints = []
        for constraint in item.args.get("constraints") or []:
            if isinstance(constraint.kind, exp.GeneratedAsIdentityColumnConstraint):
                sequence = f"{target.name}_{item.name}_seq"
                sequences.append(_sequence(constraint.kind, target, sequence, link))
                name = f"{target.db or 'public'}.{sequence}"
                call = exp.Var(this=f"nextval({literal(name)})")
                constraint.set("kind", exp.DefaultColumnConstraint(this=call))
            if isinstance(constraint.kind, exp.PrimaryKeyColumnConstraint):
                constraint.set("kind", exp.NotNullColumnConstraint())
            if not isinstance(constraint.kind, NOT_ENFORCED):
                constraints.append(constraint)
        item.set("constraints", constraints)
        kept.append(item)
    tree.this.set("expressions", kept)
    return lengths, sequences


def _sequence(identity: exp.Expression, target: exp.Table, name: str, link: Link) -> str:
    start, step = (identity.args.get(key) for key in ("start", "increment"))
    place = f"{quoted(link.database)}.{quoted(target.db or 'public')}.{quoted(name)}"
    first, by = (int(value.name) if value is not None else 1 for value in (start, step))
    return f"CREATE OR REPLACE SEQUENCE {place} START WITH {first} INCREMENT BY {by}"


def declared_length(kind: exp.DataType | None) -> str:
    """``varchar(20)`` of a text's type, empty for other types."""
    if kind is None or kind.this.name not in LENGTHS:
        return ""
    size = kind.expressions[0].name if kind.expressions else LENGTHS[kind.this.name]
    return f"{'bpchar' if kind.this.name in PADDED else 'varchar'}({size})"


def alter(tree: exp.Alter, link: Link) -> None:
    """Carry an ALTER TABLE out.

    Raises:
        StatementFailed: It asks for what is not served.
    """
    if str(tree.kind).upper() != "TABLE":
        raise refused(f"ALTER {tree.kind}")
    functions.check(tree)
    check_types(tree)
    target = table_name(tree.this, link)
    for action in tree.args["actions"]:
        if isinstance(action, exp.ColumnDef):
            declared = declared_length(action.kind)
            if declared:
                action.set("kind", exp.DataType.build("VARCHAR"))
            kept = [c for c in action.args.get("constraints") or [] if not isinstance(c.kind, NOT_ENFORCED)]
            action.set("constraints", kept)
            link.execute(f"ALTER TABLE {target} ADD COLUMN {action.sql('duckdb')}")
            if declared:
                _note(link, target, action.name, declared)
        elif isinstance(action, exp.AlterColumn) and declared_length(action.args.get("dtype")):
            _note(link, target, action.name, declared_length(action.args["dtype"]))
        elif isinstance(action, exp.Drop | exp.RenameColumn):
            link.execute(f"ALTER TABLE {target} {action.sql('duckdb')}")
        elif isinstance(action, exp.AlterRename):
            link.execute(f"ALTER TABLE {target} RENAME TO {quoted(action.this.name)}")
        else:
            raise refused(f"ALTER TABLE … {action.sql('redshift')[:60]}")


def check_lengths(target: exp.Table, link: Link) -> None:
    """See that no text of a table that was written to is longer than its column, in bytes.

    Raises:
        StatementFailed: One is; the statement is taken back.
    """
    limits = [(name, declared) for name, _, declared in _described(target, link) if declared]
    if not limits:
        return
    tests = (f"strlen({quoted(name)}) > {declared.partition('(')[2][:-1]}" for name, declared in limits)
    if link.rows(f"SELECT 1 FROM {table_name(target, link)} WHERE {' OR '.join(tests)} LIMIT 1"):
        raise StatementFailed("Value too long for character type")


def table_name(table: exp.Table, link: Link) -> str:
    """A table's name as DuckDB reads it, with the database in front of a schema."""
    name = quoted(table.name.removeprefix("#"))
    return f"{quoted(link.database)}.{quoted(table.db)}.{name}" if table.db else name


def _described(table: exp.Table, link: Link) -> list[tuple[str, bool, str]]:
    """A table's columns: name, whether they may be NULL, the declared length."""
    where = f"schema_name = {literal(table.db)}" if table.db else "schema_name IN ('public', 'main')"
    name = literal(table.name.removeprefix("#"))
    rows = link.rows(
        "SELECT column_name, is_nullable, coalesce(comment, ''), database_name FROM duckdb_columns() "
        f"WHERE NOT internal AND {where} AND table_name = {name} "
        "ORDER BY database_name = 'temp' DESC, column_index"
    )
    return [(row[0], bool(row[1]), str(row[2])) for row in rows if row[3] == rows[0][3]]


def _note(link: Link, table: str, column: str, declared: str) -> None:
    link.execute(f"COMMENT ON COLUMN {table}.{quoted(column)} IS {literal(declared)}")
