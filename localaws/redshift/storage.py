"""Words of Redshift's DDL that only steer how rows are stored: read, and left out."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot.tokens import Token

CLAUSES = {"DISTSTYLE": 1, "ENCODE": 1, "BACKUP": 1}  # a word, and how many words follow it
KEYS = ("DISTKEY", "SORTKEY")
STYLES = ("COMPOUND", "INTERLEAVED")
DEFAULT = "65535"  # VARCHAR(MAX)


def without_storage(sql: str, tokens: Sequence[Token]) -> str:
    """A CREATE TABLE without its DISTSTYLE, DISTKEY, SORTKEY, ENCODE and BACKUP; others as they are."""
    words = [token.text.upper() for token in tokens]
    if words[0] != "CREATE" or "TABLE" not in words[:4]:
        return sql
    cut: list[tuple[int, int, str]] = []
    number = 0
    while number < len(tokens):
        length = _length(words, number)
        if length and sql[tokens[number].start] != '"':
            last = tokens[min(number + length, len(tokens)) - 1]
            cut.append((tokens[number].start, last.end + 1, " "))
        elif words[number] == "MAX" and words[number - 1] == "(":
            cut.append((tokens[number].start, tokens[number].end + 1, DEFAULT))
        number += length or 1
    for start, end, instead in reversed(cut):
        sql = sql[:start] + instead + sql[end:]
    return sql


def _length(words: list[str], number: int) -> int:
    """How many tokens from here on are a storage clause; 0 for none."""
    word = words[number]
    if word == "AS" and words[number + 1 : number + 2] in (["SELECT"], ["WITH"], ["("]):
        return 0
    if word in CLAUSES and number and words[number - 1] not in ("(", ",", "SELECT", "."):
        return 1 + CLAUSES[word]
    if word in STYLES and words[number + 1 : number + 2] == ["SORTKEY"]:
        return 1 + _length(words, number + 1)
    if word not in KEYS or words[number - 1] in ("(", ",", "."):
        return 0
    if words[number + 1 : number + 2] == ["("]:
        return words.index(")", number) - number + 1
    return 2 if words[number + 1 : number + 2] == ["AUTO"] else 1
