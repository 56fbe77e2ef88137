"""Glue's JSON rules, on text."""

from __future__ import annotations

import pytest

from localaws.glue.json_schema import json_schema


def test_json_lines():
    """
    Integers are int or bigint by size; columns are lower case, ``paths`` keep the spelling.
    """
    schema = json_schema('{"Id": 1, "big": 3000000000, "x": 1.5, "ok": true, "s": "a"}\n{"Id": 2}\n')
    expected = (("id", "int"), ("big", "bigint"), ("x", "double"), ("ok", "boolean"), ("s", "string"))
    assert expected == schema.columns
    assert {"Id", "big", "x", "ok", "s"} == schema.paths


def test_nested_values():
    """
    Objects are structs, lists are arrays, and their parts are joined over all records.
    """
    schema = json_schema('{"a": {"b": 1}, "c": [1, 2.5]}\n{"a": {"d": "x"}, "c": []}\n')
    assert (("a", "struct<b:int,d:string>"), ("c", "array<double>")) == schema.columns


def test_values_of_several_kinds_are_strings():
    """
    A column with numbers and texts is a string; null says nothing.
    """
    schema = json_schema('{"a": 1, "b": null}\n{"a": "x", "b": 2}\n{"z": null}\n')
    assert (("a", "string"), ("b", "int"), ("z", "string")) == schema.columns


def test_a_document_that_is_an_array():
    """
    A whole-file array becomes the one column ``array``.
    """
    assert (("array", "array<struct<a:int>>"),) == json_schema('[{"a": 1},\n {"a": 2}]').columns


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", '{"a": 1\n{"b"', "3\n4\n"])
def test_what_is_no_json(text):
    """
    Anything but objects is left to the other classifiers.
    """
    assert json_schema(text) is None
