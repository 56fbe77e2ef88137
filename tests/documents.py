"""The documents as data: Markdown files, their code blocks, code spans, links and headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[1]
NOT_RUN = "<!-- not run -->"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FIRST_LINE = re.compile(r"(?:#|--) ([\w./-]+\.\w+)\n")


@dataclass(frozen=True)
class Block:
    """A fenced code block.

    Attributes:
        language: The word behind the fence.
        text: What stands in it.
        line: Its first line in the document.
        run: Whether a reader is meant to run it here and now.
    """

    language: str
    text: str
    line: int
    run: bool

    @property
    def path(self) -> str:
        """The file it is: named by a comment in its first line; empty when it is none."""
        found = FIRST_LINE.match(self.text)
        return found[1] if found else ""


@dataclass(frozen=True)
class Document:
    """One Markdown file."""

    path: Path

    @property
    def name(self) -> str:
        """Its path in the repository."""
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def prose(self) -> str:
        """The text without code blocks."""
        return FENCE.sub("", self.text)

    @cached_property
    def blocks(self) -> list[Block]:
        """The code blocks, in order."""
        return [
            Block(
                found[1],
                found[2],
                self.text.count("\n", 0, found.start()) + 1,
                not self.text[: found.start()].rstrip().endswith(NOT_RUN),
            )
            for found in FENCE.finditer(self.text)
        ]

    @cached_property
    def spans(self) -> list[str]:
        """The code spans of the prose."""
        return re.findall(r"`([^`\n]+)`", self.prose)

    @cached_property
    def anchors(self) -> set[str]:
        """What a link may name behind `#`: the headings, as Git hosts spell them."""
        headings = re.findall(r"^#+ (.+)$", self.prose, re.MULTILINE)
        return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}

    def links(self) -> Iterator[tuple[Path, str]]:
        """File and anchor of every link and picture that points into the repository."""
        for target in re.findall(r"\]\(([^)\s]+)\)", self.prose):
            if not re.match(r"[a-z]+:", target):
                file, _, anchor = target.partition("#")
                yield (self.path.parent / file).resolve() if file else self.path, anchor

    def commands(self) -> Iterator[str]:
        """The lines a reader may type: code spans, and the lines of shell blocks."""
        yield from self.spans
        for block in self.blocks:
            if block.language == "bash":
                yield from block.text.splitlines()

    def section(self, heading: str) -> str:
        """The text below a second-level heading.

        Raises:
            ValueError: There is no such heading.
        """
        found = re.search(rf"^## {re.escape(heading)}$(.*?)(?=^## |\Z)", self.text, re.MULTILINE | re.DOTALL)
        if found is None:
            raise ValueError(f"{self.name} has no section {heading!r}")
        return found[1]


def documents() -> list[Document]:
    """Every document of the repository."""
    return [Document(path) for path in (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")))]
