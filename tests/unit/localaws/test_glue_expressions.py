"""Conditions on partition values."""

from __future__ import annotations

import pytest

from localaws.errors import AwsError
from localaws.glue.expressions import NULL_PARTITION, partition_filter

KEYS = [
    {"Name": "year", "Type": "int"},
    {"Name": "day", "Type": "date"},
    {"Name": "origin", "Type": "string"},
]
ROWS = [["2012", "2012-12-31", "EWR"], ["2013", "2013-01-01", "JFK"], ["10000", "2013-06-01", NULL_PARTITION]]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("year = 2013", [False, True, False]),
        ("year >= '2013'", [False, True, True]),
        ("year < 9999 AND origin = 'EWR'", [True, False, False]),
        ("year = 2012 OR (day > '2013-03-01')", [True, False, True]),
        ("NOT year = 2013", [True, False, True]),
        ("origin IN ('EWR', 'JFK')", [True, True, False]),
        ("origin <> 'EWR'", [False, True, False]),
        ("year BETWEEN 2012 AND 2013", [True, True, False]),
        ("origin LIKE 'J%'", [False, True, False]),
        ("origin IS NULL", [False, False, True]),
        ("origin IS NOT NULL", [True, True, False]),
        ("day = date '2013-01-01'", [False, True, False]),
    ],
)
def test_expressions(expression, expected):
    """
    Both sides are read as the key's type; the null partition equals nothing.
    """
    keep = partition_filter(expression, KEYS)
    assert expected == [keep(row) for row in ROWS]


@pytest.mark.parametrize("expression", ["month = 1", "year +", "year = origin + 1", "lower(origin) = 'ewr'"])
def test_what_is_refused(expression):
    """
    An unknown column, a syntax error or a function is InvalidInputException.
    """
    with pytest.raises(AwsError) as error:
        partition_filter(expression, KEYS)
    assert "InvalidInputException" == error.value.code
