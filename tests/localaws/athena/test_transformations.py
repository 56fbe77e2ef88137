"""What transformation tools such as dbt write: properties of their tables, typed nulls, moving dates."""

from __future__ import annotations

import uuid

import pytest


@pytest.fixture
def name() -> str:
    """A table's name nobody else has."""
    return f"t_{uuid.uuid4().hex[:10]}"


def test_a_hive_table_may_say_what_it_is(run, ask, nyc, name, lake):
    """
    ``table_type = 'hive'`` and ``is_external = true`` are CTAS's defaults; an Iceberg table is refused by name.
    """
    where = f"s3://{lake}/{name}/"
    kind = f"table_type='hive', is_external=true, external_location='{where}'"
    run(f"CREATE TABLE {name} WITH ({kind}) AS SELECT 1 AS a")
    iceberg = ask(f"CREATE TABLE {name}_2 WITH (table_type='ICEBERG', is_external=false) AS SELECT 1 AS a")

    assert [("1",)] == run(f"SELECT a FROM {name}").rows
    assert "table_type ICEBERG" in iceberg.reason


def test_partitions_of_any_text_are_found_where_they_were_written(run, nyc, name, lake):
    """
    A partition whose value has a space, a colon and a slash is read back, and takes rows that are inserted.
    """
    properties = f"external_location='s3://{lake}/{name}/', partitioned_by=ARRAY['k']"
    run(f"CREATE TABLE {name} WITH ({properties}) AS SELECT 1 AS a, 'x: y/z' AS k UNION ALL SELECT 2, 'p'")
    run(f"INSERT INTO {name} SELECT 3, 'x: y/z'")

    assert [("1",), ("3",)] == run(f"SELECT a FROM {name} WHERE k = 'x: y/z' ORDER BY a").rows


def test_nulls_have_the_type_they_are_cast_to(run):
    """
    A NULL may be cast to text.
    """
    assert [("x", None)] == run("SELECT coalesce(CAST(NULL AS varchar), 'x'), TRY_CAST(NULL AS varchar)").rows


def test_a_date_and_several_intervals_are_a_date(run):
    """
    An interval may be multiplied; what it is added to keeps its type.
    """
    moved = "typeof(d + n * INTERVAL '1' DAY), d - INTERVAL '1' MONTH * n, t + INTERVAL '2' HOUR * n"
    values = "VALUES (DATE '2024-03-31', 2, TIMESTAMP '2024-01-01 00:00:00')"
    rows = run(f"SELECT {moved} FROM ({values}) AS v (d, n, t)").rows

    assert [("date", "2024-01-31", "2024-01-01 04:00:00.000")] == rows
