"""Which partitions a query can need: decided by its own conditions before any file is looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlglot import exp

from localaws.glue.expressions import Undecidable, decide


def conditions_on(node: exp.Table, types: Mapping[str, str]) -> Callable[[Sequence[str]], bool]:
    """Whether a query may need a partition of one of its tables.

    Args:
        node: The table's mention, in the query's tree.
        types: The table's partition keys, in order, with their Hive types.
    """
    if not types:
        return lambda values: True
    parts = [part for part in _conjuncts(node) if _about(part, node, types)]

    def keep(values: Sequence[str]) -> bool:
        row = dict(zip(types, values, strict=False))
        return all(_may_hold(part, row, types) for part in parts)

    return keep


def values_asked(node: exp.Table, types: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The values a query's conditions leave of partition keys: those it names by ``=`` or IN.

    Args:
        node: The table's mention, in the query's tree.
        types: The table's partition keys with their Hive types.
    """
    found: dict[str, tuple[str, ...]] = {}
    for part in [part.unnest() for part in _conjuncts(node)] if types else []:
        if not _about(part, node, types):
            continue
        if isinstance(part, exp.EQ):
            sides = (part.left, part.right) if isinstance(part.left, exp.Column) else (part.right, part.left)
            column, values = sides[0], [sides[1]]
        elif isinstance(part, exp.In) and part.expressions:
            column, values = part.this, part.expressions
        else:
            continue
        texts = [_text(value) for value in values]
        if isinstance(column, exp.Column) and None not in texts:
            name = column.name.lower()
            named = tuple(text for text in texts if text is not None)
            found[name] = tuple(text for text in named if text in found.get(name, named))
    return found


def _text(value: exp.Expression) -> str | None:
    """A literal's text, also one with its type before it; None for anything else."""
    value = value.this if isinstance(value, exp.Cast) else value
    return str(value.this) if isinstance(value, exp.Literal) else None


def _may_hold(part: exp.Expression, row: Mapping[str, str], types: Mapping[str, str]) -> bool:
    try:
        return decide(part, row, types) is True
    except Undecidable:
        return True


def _conjuncts(node: exp.Table) -> list[exp.Expression]:
    """The conditions that every row of the table's SELECT must meet.

    An outer join keeps rows its table does not meet; the conditions of its WHERE hold all the same.
    """
    select = node.find_ancestor(exp.Select)
    where = select.args.get("where") if select is not None else None
    return (
        list(where.this.flatten())
        if where is not None and isinstance(where.this, exp.And)
        else ([where.this] if where is not None else [])
    )


def _about(part: exp.Expression, node: exp.Table, types: Mapping[str, str]) -> bool:
    """Whether a condition is about this table's partition keys only.

    A column without a table's name counts when the table is the only one of its SELECT.
    """
    select = node.find_ancestor(exp.Select)
    alone = select is not None and not select.args.get("joins")
    columns = list(part.find_all(exp.Column))
    if not columns or part.find(exp.Subquery, exp.Select):
        return False
    mine = node.alias_or_name.lower()
    return all(
        column.name.lower() in types and (column.table.lower() == mine if column.table else alone)
        for column in columns
    )
