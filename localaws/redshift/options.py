"""COPY and UNLOAD read: the parts before their options, and the options by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlglot.tokens import Token, TokenType

from localaws.redshift.failures import refused, syntax_error

TEXT_WORDS = ("IAM_ROLE", "DELIMITER", "REGION", "DATEFORMAT", "TIMEFORMAT", "NULL", "ENCODING", "EXTENSION")
BARE_WORDS = """
HEADER GZIP BZIP2 ZSTD ALLOWOVERWRITE CLEANPATH MANIFEST ADDQUOTES ESCAPE REMOVEQUOTES EMPTYASNULL
BLANKSASNULL ACCEPTINVCHARS TRUNCATECOLUMNS EXPLICIT_IDS IGNOREBLANKLINES FILLRECORD TRIMBLANKS NOLOAD
ENCRYPTED
"""
BARE = BARE_WORDS.split()
NUMBERS = ("IGNOREHEADER", "MAXERROR")
FORMATS = ("CSV", "PARQUET", "JSON", "AVRO", "ORC", "TEXT", "DELIMITER", "FIXEDWIDTH", "SHAPEFILE")
ON_OFF = ("PARALLEL", "STATUPDATE", "COMPUPDATE")


@dataclass
class Words:
    """The tokens of a statement, taken one by one.

    Attributes:
        sql: The statement's text.
        tokens: Its tokens.
        place: How many have been taken.
    """

    sql: str
    tokens: Sequence[Token]
    place: int = 0

    def peek(self, ahead: int = 0) -> str:
        """The next word in upper case, empty at the end."""
        place = self.place + ahead
        return str(self.tokens[place].text).upper() if place < len(self.tokens) else ""

    def take(self) -> str:
        """The next word in upper case.

        Raises:
            StatementFailed: There is none.
        """
        if self.place >= len(self.tokens):
            raise syntax_error("", len(self.sql) + 1)
        self.place += 1
        return str(self.tokens[self.place - 1].text).upper()

    def accept(self, *words: str) -> bool:
        """Take the next word if it is one of these."""
        if self.peek() in words and self.peek():
            self.place += 1
            return True
        return False

    def expect(self, word: str) -> None:
        """Take a word that must come here.

        Raises:
            StatementFailed: Another one comes.
        """
        if not self.accept(word):
            self.fail()

    def text(self) -> str:
        """Take a quoted text.

        Raises:
            StatementFailed: None comes.
        """
        if self.place >= len(self.tokens) or self.tokens[self.place].token_type != TokenType.STRING:
            self.fail()
        self.place += 1
        return str(self.tokens[self.place - 1].text)

    def is_text(self) -> bool:
        """Whether a quoted text comes next."""
        return self.place < len(self.tokens) and self.tokens[self.place].token_type == TokenType.STRING

    def fail(self) -> None:
        """Refuse what comes next.

        Raises:
            StatementFailed: Always.
        """
        if self.place >= len(self.tokens):
            raise syntax_error("", len(self.sql) + 1)
        token = self.tokens[self.place]
        raise syntax_error(token.text, token.start + 1)


def read_options(words: Words, statement: str, known: Sequence[str]) -> dict[str, str]:
    """The options up to the statement's end; ``FORMAT`` is ``CSV``, ``PARQUET``, ``JSON`` or ``TEXT``.

    Raises:
        StatementFailed: One that is not known, or not served by this statement.
    """
    options: dict[str, str] = {"FORMAT": "TEXT"}
    while words.peek():
        name = words.take()
        words.accept("AS")
        if name == "FORMAT" or name in FORMATS[:3]:
            options["FORMAT"] = words.take() if name == "FORMAT" else name
            if options["FORMAT"] == "JSON" and words.is_text():
                options["JSON"] = words.text()
            if options["FORMAT"] == "CSV" and words.accept("QUOTE"):
                words.accept("AS")
                options["QUOTE"] = words.text()
        elif name in TEXT_WORDS:
            options[name] = words.take() if name == "IAM_ROLE" and words.accept("DEFAULT") else _value(words)
        elif name in NUMBERS:
            options[name] = words.take()
        elif name in ON_OFF:
            options[name] = words.take() if words.peek() in ("ON", "OFF", "TRUE", "FALSE", "PRESET") else "ON"
        elif name == "PARTITION BY":
            options["PARTITION"] = ",".join(_names(words))
            options["INCLUDE"] = "1" if words.accept("INCLUDE") else ""
        elif name in BARE:
            options[name] = "1"
        else:
            words.place -= 1
            words.fail()
        if name not in known and name not in FORMATS[:3]:
            raise refused(f"{statement} with {name}")
    if options["FORMAT"] not in ("CSV", "PARQUET", "JSON", "TEXT"):
        raise refused(f"{statement} in the format {options['FORMAT']}")
    return options


def _value(words: Words) -> str:
    return words.text() if words.is_text() else words.take()


def _names(words: Words) -> list[str]:
    words.expect("(")
    names = [words.take().lower()]
    while words.accept(","):
        names.append(words.take().lower())
    words.expect(")")
    return names


def column_names(words: Words) -> list[str]:
    """The names in brackets, if a bracket comes."""
    return _names(words) if words.peek() == "(" else []


def need_role(options: Mapping[str, str]) -> None:
    """See that a role was named.

    Raises:
        StatementFailed: None was.
    """
    if "IAM_ROLE" not in options:
        raise refused("COPY or UNLOAD without IAM_ROLE (keys in CREDENTIALS are not read)")
