"""Requests become feature columns, or a word that names record and column."""

from __future__ import annotations

import math

import pytest

from deploy.records import RequestProblem, csv_records, features_of, json_records
from foldline.folds import Schema

SCHEMA = Schema("id", "y", ("hour", "temp"), ("carrier",))


def texts(column) -> list[str]:
    return [column.values[code] for code in column.codes]


def test_csv_lines_are_records():
    """
    Quoted commas, exact numbers, missing values as empty fields.
    """
    features = features_of(csv_records('8,0.1,"A, Inc."\n9,,\n'), SCHEMA)

    assert [8.0, 9.0] == features.numeric["hour"].tolist()
    assert 0.1 == features.numeric["temp"][0]
    assert math.isnan(features.numeric["temp"][1])
    assert ["A, Inc.", ""] == texts(features.categorical["carrier"])


def test_an_empty_line_is_a_missing_value_of_a_model_with_one_column():
    """
    A line is a record: none is dropped, so answers stay beside their records.
    """
    features = features_of(csv_records("1\n\n3\n"), Schema("id", "y", ("x",), ()))

    assert ["1.0", "nan", "3.0"] == [str(value) for value in features.numeric["x"].tolist()]


def test_json_instances_are_lists_or_objects():
    """
    Objects may give the columns in any order; null is no value.
    """
    text = '{"instances": [[8, 0.1, "AA"], {"carrier": null, "temp": "2.5", "hour": 9}, [1, 2, 7], [1, 2, true]]}'

    features = features_of(json_records(text), SCHEMA)

    assert [8.0, 9.0, 1.0, 1.0] == features.numeric["hour"].tolist()
    assert [0.1, 2.5, 2.0, 2.0] == features.numeric["temp"].tolist()
    assert ["AA", "", "7", "true"] == texts(features.categorical["carrier"])


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [
        (csv_records, "8,1,AA\n9,2\n", "record 2 has 2 values, the model reads 3: hour, temp, carrier"),
        (csv_records, "8,1,AA\n9,warm,AA\n", "record 2, column 'temp': 'warm' is no number"),
        (csv_records, "inf,1,AA", "record 1, column 'hour': 'inf' is not finite"),
        (csv_records, '8,1,"AA', "the body is not CSV"),
        (csv_records, "", "the body holds no record"),
        (json_records, "{", "the body is not JSON"),
        (json_records, "[[8, 1]]", 'the body must be {"instances"'),
        (json_records, '{"instances": 3}', 'the body must be {"instances"'),
        (json_records, '{"instances": [3]}', 'the body must be {"instances"'),
        (json_records, '{"instances": []}', "the body holds no record"),
        (json_records, '{"instances": [[8, [], "AA"]]}', "record 1, column 'temp': [] is no number"),
        (json_records, '{"instances": [[8, 1, 2.5]]}', "record 1, column 'carrier': 2.5 is no category"),
        (
            json_records,
            '{"instances": [{"hour": 8, "tmp": 1, "carrier": "AA"}]}',
            "record 1: the model reads no column 'tmp'; did you mean 'temp'?",
        ),
        (
            json_records,
            '{"instances": [{"hour": 8, "temp": 1}]}',
            "record 1: column 'carrier' is not given; null says that it has no value",
        ),
    ],
)
def test_a_malformed_record_is_the_callers_fault(read, text, message):
    """
    Status 400 with a message that names record and column.
    """
    with pytest.raises(RequestProblem) as caught:
        features_of(read(text), SCHEMA)

    assert message in str(caught.value)
    assert 400 == caught.value.status_code
