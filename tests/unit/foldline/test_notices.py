"""Messages to people: short, whole, and harmless."""

from __future__ import annotations

from foldline.errors import JobFailed
from foldline.notices import LINE_LIMIT, SLACK_LIMIT, Notice, shortened


def failed(lines: int = 30) -> str:
    """An error as a task's record holds it."""
    log = "\n".join(f"line {number}" for number in range(lines))
    return str(JobFailed("training job fit failed", where="arn:aws:x", cause=log, mend="mend the script"))


def test_a_long_cause_is_cut_and_the_mend_stays() -> None:
    """
    Thirty log lines are too many for a phone; how to mend it is what one reads for.
    """
    text = shortened(failed())

    assert "line 0" in text
    assert "line 29" not in text
    assert "…" in text
    assert "  mend    mend the script" in text
    assert len(text.splitlines()) < 10


def test_a_long_line_is_cut() -> None:
    """
    One line of a stack trace may be a whole document.
    """
    assert LINE_LIMIT == len(shortened("x" * 5_000))


def test_a_subject_is_what_sns_takes() -> None:
    """
    ASCII, at most 100 characters, no line break.
    """
    subject = Notice("failure", "flüge" * 30, "prod", "r", "fit").subject

    assert subject.isascii()
    assert 100 == len(subject)
    assert "\n" not in subject


def test_links_without_an_address_are_left_out() -> None:
    """
    A query has no log; `log:` with nothing behind it helps nobody.
    """
    text = Notice("success", "p", "e", "r", links={"report": "http://r", "log": ""}).text

    assert text.endswith("report: http://r")
    assert "log" not in text


def test_a_slack_block_stays_below_slacks_limit() -> None:
    """
    Slack refuses the whole message when one block is longer than 3,000 characters.
    """
    detail = "\n".join("<&>" * 90 for _ in range(200))
    blocks = Notice("failure", "p", "e", "r", "t", detail).slack["blocks"]

    assert max(len(block["text"]["text"]) for block in blocks) <= SLACK_LIMIT + 10
