"""The words of a statement: enough to tell what it is and to take its outer form apart.

Athena speaks two languages, Trino's SQL and Hive's DDL. Their comments, strings and quoted names are
read here, so that a bracket inside a string never counts as one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from localaws.errors import AwsError

REST = r"""
      | (?P<space>\s+|--[^\n]*|/\*.*?\*/)
      | (?P<name>"(?:[^"]|"")*"|`(?:[^`]|``)*`)
      | (?P<word>[A-Za-z_][\w$@]*)
      | (?P<number>\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)
      | (?P<sign>.)"""
TRINO = re.compile(r"(?P<string>'(?:[^']|'')*')" + REST, re.VERBOSE | re.DOTALL)
HIVE = re.compile(
    r"""(?P<escaped>'(?:[^'\\]|''|\\.)*'|"(?:[^"\\]|\\.)*\\.(?:[^"\\]|\\.)*")""" + REST,
    re.VERBOSE | re.DOTALL,
)
OPENING, CLOSING = ("(", "[", "<"), (")", "]", ">")
ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "0": "\0", "b": "\b", "Z": "\x1a"}


@dataclass(frozen=True)
class Word:
    """A word, name, string, number or sign of a statement, with its place in the text."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def upper(self) -> str:
        """The word in capitals; what is quoted stands for no keyword."""
        return self.text.upper() if self.kind in ("word", "sign") else ""

    @property
    def value(self) -> str:
        """A name or string without its quotes, a Hive string's escapes undone; anything else as it stands."""
        if self.kind in ("name", "string"):
            return self.text[1:-1].replace(self.text[0] * 2, self.text[0])
        return hive_string(self.text) if self.kind == "escaped" else self.text


def words_of(sql: str, *, hive: bool = False) -> list[Word]:
    """The words of a statement, without blanks, comments and a final semicolon.

    Args:
        sql: The statement.
        hive: Read it as Hive does, to whom a backslash in a string is an escape.
    """
    found = list(_scan(sql, HIVE if hive else TRINO))
    while found and found[-1].text == ";":
        found.pop()
    return found


def _scan(sql: str, pattern: re.Pattern[str]) -> Iterator[Word]:
    for match in pattern.finditer(sql):
        kind = str(match.lastgroup)
        if kind != "space":
            yield Word(kind, match[0], match.start(), match.end())


def hive_string(text: str) -> str:
    r"""What a quoted Hive string says: ``\t``, ``\;``, ``\001`` and ``\u0001`` are signs."""

    def sign(match: re.Match[str]) -> str:
        code = match[1]
        if code[0] == "u" and len(code) == 5:
            return chr(int(code[1:], 16))
        if len(code) == 3:
            return chr(int(code, 8))
        return ESCAPES.get(code, code)

    inner = text[1:-1].replace("''", "'")
    return re.sub(r"\\(u[0-9a-fA-F]{4}|[0-3][0-7]{2}|.)", sign, inner, flags=re.DOTALL)


class Reader:
    """Reads a statement's words in turn.

    Args:
        sql: The statement.
        words: Its words.
    """

    def __init__(self, sql: str, words: list[Word]) -> None:
        self.sql = sql
        self.words = words
        self.at = 0

    @property
    def next(self) -> Word | None:
        """The next word, None at the end."""
        return self.words[self.at] if self.at < len(self.words) else None

    def take(self, *keywords: str) -> bool:
        """Pass the keywords if they are what comes next, all of them."""
        ahead = [word.upper for word in self.words[self.at : self.at + len(keywords)]]
        if ahead != list(keywords):
            return False
        self.at += len(keywords)
        return True

    def need(self, *keywords: str) -> None:
        """Pass the keywords.

        Raises:
            AwsError: MALFORMED_QUERY; something else comes.
        """
        if not self.take(*keywords):
            raise self.wrong(f"Expecting: '{' '.join(keywords)}'")

    def word(self) -> Word:
        """The next word, passed.

        Raises:
            AwsError: MALFORMED_QUERY; there is none.
        """
        word = self.next
        if word is None:
            raise self.wrong()
        self.at += 1
        return word

    def name(self) -> str:
        """An identifier, lower case."""
        word = self.word()
        if word.kind not in ("word", "name"):
            self.at -= 1
            raise self.wrong("Expecting: <identifier>")
        return word.value.lower()

    def qualified(self) -> tuple[str | None, str]:
        """``[[catalog.]database.]name``: database (None when not given) and name."""
        parts = [self.name()]
        while self.take("."):
            parts.append(self.name())
        return (parts[-2] if len(parts) > 1 else None), parts[-1]

    def string(self) -> str:
        """A quoted string's value."""
        word = self.word()
        if word.kind not in ("string", "escaped") and not word.text.startswith('"'):
            self.at -= 1
            raise self.wrong("Expecting: <string>")
        return word.value

    def inside(self) -> list[Word]:
        """The words inside the brackets that come next, which are passed.

        Raises:
            AwsError: MALFORMED_QUERY; there are none, or they are not closed.
        """
        self.need("(")
        depth, start = 1, self.at
        while depth:
            sign = self.word().text
            depth += (sign == "(") - (sign == ")")
        return self.words[start : self.at - 1]

    def rest(self) -> str:
        """The text from the next word on, in its place: what is before is blanked, so that positions hold."""
        word = self.next
        if word is None:
            raise self.wrong()
        return in_place(self.sql, word.start, self.words[-1].end)

    def end(self) -> None:
        """See that nothing is left.

        Raises:
            AwsError: MALFORMED_QUERY; something is.
        """
        if self.next is not None:
            raise self.wrong("Expecting: <EOF>")

    def wrong(self, expecting: str = "") -> AwsError:
        """The refusal of what comes next."""
        word = self.next
        offset, text = (word.start, word.text) if word else (len(self.sql), "<EOF>")
        line = self.sql.count("\n", 0, offset) + 1
        column = offset - self.sql.rfind("\n", 0, offset)
        message = f"line {line}:{column}: mismatched input '{text}'. {expecting}".rstrip()
        return AwsError(
            "InvalidRequestException", message, AthenaErrorCode="MALFORMED_QUERY", ErrorCode="MALFORMED_QUERY"
        )


def in_place(sql: str, start: int, end: int) -> str:
    """A part of a statement with blanks for what is before it, so that lines and columns stay the same."""
    return re.sub(r"[^\n]", " ", sql[:start]) + sql[start:end]


def split_words(words: list[Word]) -> Iterator[list[Word]]:
    """The parts of a list between the commas that lie in no brackets, angled ones among them."""
    part: list[Word] = []
    depth = 0
    for word in words:
        depth += (word.text in OPENING) - (word.text in CLOSING)
        if word.text == "," and not depth:
            yield part
            part = []
        else:
            part.append(word)
    if part:
        yield part
