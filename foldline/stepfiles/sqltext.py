"""SQL text: the one statement in a file, or the faults of a text that holds none. Nothing is run."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

_AFTER_COMMA = re.compile(r"FROM|WHERE|GROUP BY|ORDER BY|HAVING|LIMIT|UNION|,|\)|;", re.IGNORECASE)


def parsed(text: str, dialect: str, wanted: str = "SELECT") -> tuple[Any, list[tuple[int, str]]]:
    """The one statement in ``text``, and its faults by line.

    Args:
        text: SQL.
        dialect: sqlglot's name of the dialect.
        wanted: What there must be one of, for the message.
    """
    import sqlglot
    from sqlglot.errors import ParseError, TokenError
    from sqlglot.tokens import TokenType

    try:
        tokens = sqlglot.tokenize(text, read=dialect)
        found = [statement for statement in sqlglot.parse(text, read=dialect) if statement is not None]
    except TokenError:
        return None, [(_unclosed_line(text), "a quote or comment that opens here is never closed")]
    except ParseError as error:
        return None, [(fault["line"], _fault_text(fault)) for fault in error.errors]
    faults = [
        (after.line, f"column {after.col}: a comma before {after.text}")
        for comma, after in pairwise(tokens)
        if comma.token_type is TokenType.COMMA
        and after.token_type not in (TokenType.STRING, TokenType.IDENTIFIER)
        and _AFTER_COMMA.fullmatch(after.text)
    ]
    if len(found) != 1:
        faults.append((1, f"holds {len(found)} statements, must hold one {wanted}"))
        return None, faults
    return found[0], faults


def _fault_text(fault: dict[str, Any]) -> str:
    missing = re.match(r"Required keyword: '\w+' missing for <class '[\w.]+\.(\w+)'>", fault["description"])
    words = f"incomplete {missing[1]}" if missing else fault["description"]
    return f"column {fault['col']}: {words} at {fault['highlight']!r}"


def _unclosed_line(text: str) -> int:
    """The line of the quote or comment that is never closed."""
    closed = r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|--[^\n]*|/\*.*?\*/"
    rest = re.sub(closed, lambda match: "\n" * match[0].count("\n"), text, flags=re.DOTALL)
    opening = re.search(r"['\"`]|/\*", rest)
    return rest.count("\n", 0, opening.start()) + 1 if opening else 1
