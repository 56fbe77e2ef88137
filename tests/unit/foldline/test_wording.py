"""Numbers as people read them."""

from __future__ import annotations

import pytest

from foldline.report import wording


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.04, "0.04 s"),
        (4.23, "4.2 s"),
        (9.97, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (144, "2 min 24 s"),
        (3599.7, "1 h 0 min"),
        (3_900, "1 h 5 min"),
        (None, "–"),
    ],
)
def test_durations_carry_at_every_border(seconds, told):
    """
    No duration reads 60 s or 60 min.
    """
    assert told == wording.duration(seconds)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (True, "yes"),
        (1204, "1,204"),
        (-20, "−20"),
        (0.143712, "0.1437"),
        (1400.0, "1,400"),
        ([3, "a"], "3, a"),
        ("", "–"),
        (None, "–"),
    ],
)
def test_any_scalar_has_a_plain_form(value, told):
    """
    A table cell shows any JSON value, and a dash for none.
    """
    assert told == wording.plain(value)


@pytest.mark.parametrize(
    ("value", "told"),
    [(0.1234, "12.3 %"), (0.0001, "0.01 %"), (0.00001, "< 0.01 %"), (0, "0.0 %"), (None, "–")],
)
def test_small_shares_are_not_zero(value, told):
    """
    Two rows of 336,776 are not 0.00 %.
    """
    assert told == wording.share(value)


@pytest.mark.parametrize(("value", "told"), [(999, "999 B"), (31_016_820, "31.0 MB"), (2.5e12, "2.5 TB")])
def test_sizes(value, told):
    """
    Bytes are told in decimal units.
    """
    assert told == wording.size(value)


def test_signs_and_spread():
    """
    A difference shows its sign with a real minus; a mean without a spread stands alone.
    """
    assert ("+0.0812", "−0.0034") == (wording.signed(0.0812), wording.signed(-0.0034))
    assert ("0.7412 ± 0.0049", "0.7412") == (wording.spread(0.7412, 0.0049), wording.spread(0.7412, None))


def test_moments_are_utc():
    """
    A time with a zone is told in UTC; one without is UTC; another text is no time.
    """
    assert "2026-01-05 05:00:00 UTC" == wording.moment("2026-01-05T06:00:00+01:00")
    assert "2026-01-05 06:00:00 UTC" == wording.moment("2026-01-05T06:00:00")
    assert "–" == wording.moment("yesterday")
