"""A ruleset in DQDL read into rules."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from localaws.errors import AwsError
from localaws.glue.quality.conditions import COMPARISONS, Condition, Value

TOKEN = re.compile(
    r'\s+|#[^\n]*|(?P<text>"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\')|(?P<number>-?\d+(?:\.\d+)?(?:[eE]-?\d+)?)'
    r"|(?P<word>[A-Za-z_][\w.]*)|(?P<sign>>=|<=|!=|[=<>\[\](),])"
)
UNITS = {"minutes": 60.0, "minute": 60.0, "hours": 3600.0, "hour": 3600.0, "days": 86400.0, "day": 86400.0}
JOINTS = ("with", "where", "not", "and", "or")
OPERATORS = ("between", "in", "matches")


@dataclass(frozen=True)
class Token:
    """A word, a quoted text, a number or a sign of a ruleset, with its place."""

    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Rule:
    """One rule, or several joined by ``and`` or ``or``.

    Attributes:
        kind: The rule's type, ``and`` or ``or``.
        text: The rule as it was written.
        parameters: The texts behind the type: columns, a query.
        condition: What is asked of the measure, if the rule says.
        threshold: What share of the rows must satisfy it.
        where: A condition in SQL on the rows that count.
        parts: The rules that are joined.
    """

    kind: str
    text: str
    parameters: tuple[str, ...] = ()
    condition: Condition | None = None
    threshold: Condition | None = None
    where: str = ""
    parts: tuple[Rule, ...] = ()


def rules_of(ruleset: str) -> list[Rule]:
    """The rules of a ruleset.

    Raises:
        AwsError: InvalidInputException; it cannot be read.
    """
    parser = Parser(ruleset, list(_tokens(ruleset)))
    if parser.word() == "analyzers":
        raise _refused("Analyzers")
    parser.expect("Rules")
    parser.expect("=")
    parser.expect("[")
    rules = [parser.composite()]
    while parser.accept(","):
        rules.append(parser.composite())
    parser.expect("]")
    if parser.place < len(parser.tokens):
        parser.fail()
    return rules


def _tokens(text: str) -> list[Token]:
    found, place = [], 0
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None:
            raise _invalid(text, place)
        if match.lastgroup is not None:
            found.append(Token(match.lastgroup, match.group(), match.start(), match.end()))
        place = match.end()
    return found


@dataclass
class Parser:
    """Takes the tokens of a ruleset one by one."""

    text: str
    tokens: list[Token]
    place: int = field(default=0)

    def peek(self, kind: str) -> bool:
        """Whether a token of a kind comes next."""
        return self.place < len(self.tokens) and self.tokens[self.place].kind == kind

    def word(self) -> str:
        """The next word in lower case; empty when none comes."""
        return self.tokens[self.place].text.lower() if self.peek("word") else ""

    def take(self) -> Token:
        """The next token.

        Raises:
            AwsError: There is none.
        """
        if self.place >= len(self.tokens):
            self.fail()
        self.place += 1
        return self.tokens[self.place - 1]

    def accept(self, *texts: str) -> str:
        """Take the next token if it reads like one of these; what it reads, empty otherwise."""
        if self.place < len(self.tokens) and self.tokens[self.place].kind in ("word", "sign"):
            text = self.tokens[self.place].text
            if text.lower() in [one.lower() for one in texts]:
                self.place += 1
                return text.lower()
        return ""

    def expect(self, text: str) -> None:
        """Take a token that must come here.

        Raises:
            AwsError: Another one comes.
        """
        if not self.accept(text):
            self.fail()

    def fail(self) -> None:
        """Refuse what comes next.

        Raises:
            AwsError: Always.
        """
        at = self.tokens[self.place].start if self.place < len(self.tokens) else len(self.text)
        raise _invalid(self.text, at)

    def composite(self) -> Rule:
        """A rule, or rules in brackets joined by one of ``and`` and ``or``."""
        start = self.tokens[self.place].start if self.place < len(self.tokens) else 0
        if not self.accept("("):
            return self.rule()
        parts = [self.composite()]
        self.expect(")")
        joint = self.word() if self.word() in ("and", "or") else ""
        while joint and self.accept(joint):
            self.expect("(")
            parts.append(self.composite())
            self.expect(")")
        if len(parts) == 1:
            return parts[0]
        return Rule(joint, self.text[start : self.tokens[self.place - 1].end], parts=tuple(parts))

    def rule(self) -> Rule:
        """One rule."""
        if not self.peek("word"):
            self.fail()
        first = self.take()
        parameters = []
        while self.peek("text") or (
            self.peek("word") and self.word() not in ("with", "where", "not", *OPERATORS)
        ):
            if self.word() in ("and", "or"):
                break
            parameters.append(unquoted(self.take().text))
        condition = self.condition()
        threshold, where = None, ""
        while step := self.accept("with", "where"):
            if step == "where":
                where = unquoted(self.take().text)
            else:
                self.expect("threshold")
                threshold = self.condition()
        text = self.text[first.start : self.tokens[self.place - 1].end]
        return Rule(first.text, text, tuple(parameters), condition, threshold, where)

    def condition(self) -> Condition | None:
        """A condition, None when none comes."""
        negated = bool(self.accept("not"))
        operator = self.accept(*COMPARISONS, *OPERATORS)
        if not operator:
            if negated:
                self.fail()
            return None
        if operator == "between":
            low = self.value()
            self.expect("and")
            return Condition(operator, (low, self.value()), negated)
        if operator == "in":
            self.expect("[")
            values = [self.value()]
            while self.accept(","):
                values.append(self.value())
            self.expect("]")
            return Condition(operator, tuple(values), negated)
        return Condition(operator, (self.value(),), negated)

    def value(self) -> Value:
        """A number (with a unit of time, in seconds), a text, or NULL."""
        if self.peek("number"):
            number = float(self.take().text)
            unit = self.accept(*UNITS)
            return number * UNITS[unit] if unit else number
        if self.peek("text"):
            return unquoted(self.take().text)
        if self.accept("null"):
            return None
        if self.word() in ("true", "false"):
            return self.take().text.lower()
        if self.peek("word"):
            raise _refused(f"the expression {self.take().text}")
        self.fail()
        return None


def unquoted(text: str) -> str:
    """A token's text without its quotes."""
    return re.sub(r"\\([\"'])", r"\1", text[1:-1]) if text[:1] in ("'", '"') else text


def _invalid(text: str, place: int) -> AwsError:
    line = text.count("\n", 0, place) + 1
    word = text[place : place + 20].split("\n", maxsplit=1)[0] or "the end"
    return AwsError("InvalidInputException", f"Invalid DQDL: line {line}: unexpected {word!r}")


def _refused(what: str) -> AwsError:
    return AwsError("NotImplemented", f"localaws does not implement {what} in DQDL", 501)
