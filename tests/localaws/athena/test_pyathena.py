"""An outside client, unmodified: PyAthena's cursors."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from pyathena import connect
from pyathena.error import OperationalError
from pyathena.pandas.cursor import PandasCursor


@pytest.fixture
def connection(endpoint, nyc, lake, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.url)
    with connect(
        s3_staging_dir=f"s3://{lake}/pyathena/",
        region_name="us-east-1",
        schema_name="nyc",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        poll_interval=0.01,
    ) as made:
        yield made


def test_values_come_with_their_types(connection):
    """
    The plain cursor gives Python's own values.
    """
    cursor = connection.cursor()
    cursor.execute(
        "SELECT 1, 2.50, 1e0, 'x', DATE '2024-01-02', TIMESTAMP '2024-01-02 03:04:05', NULL, TRUE, ARRAY[1, 2], "
        "CAST(ROW(1, 'a') AS ROW(n integer, s varchar))"
    )
    moment = dt.datetime(2024, 1, 2, 3, 4, 5)
    expected = (
        1,
        Decimal("2.50"),
        1.0,
        "x",
        dt.date(2024, 1, 2),
        moment,
        None,
        True,
        [1, 2],
        {"n": "1", "s": "a"},
    )
    assert expected == cursor.fetchone()
    assert ("_col0", "integer", None, None, 10, 0, "UNKNOWN") == cursor.description[0]


def test_parameters(connection):
    """
    Both ways of passing parameters work.
    """
    cursor = connection.cursor()
    cursor.execute("SELECT name FROM airlines WHERE carrier = %(carrier)s", {"carrier": "UA"})
    assert [("United Air Lines Inc.",)] == cursor.fetchall()
    cursor.execute("SELECT name FROM airlines WHERE carrier = ?", ["'AA'"], paramstyle="qmark")
    assert [("American Airlines Inc.",)] == cursor.fetchall()


def test_pages(connection):
    """
    More rows than a page holds come in order.
    """
    cursor = connection.cursor()
    cursor.execute("SELECT n FROM UNNEST(sequence(1, 2100)) AS t (n) ORDER BY n")
    assert [(n,) for n in range(1, 2101)] == cursor.fetchall()
    assert cursor.data_scanned_in_bytes == 0
    assert cursor.output_location.endswith(f"{cursor.query_id}.csv")


def test_a_data_frame(connection):
    """
    PandasCursor reads the CSV object in S3 into typed columns.
    """
    frame = connection.cursor(PandasCursor).execute("SELECT * FROM flights").as_pandas()
    assert (212, 19) == frame.shape
    assert "Int64" == str(frame["distance"].dtype)
    assert 2013 == frame["year"].iloc[0]


def test_results_by_unload(connection):
    """
    With ``unload`` the cursor wraps the query in UNLOAD, and reads the Parquet files of its manifest.
    """
    cursor = connection.cursor(PandasCursor, unload=True)
    cursor.execute("SELECT carrier, count(*) AS n FROM flights GROUP BY carrier")
    rows = cursor.fetchall()
    assert 212 == sum(row[1] for row in rows)


def test_rows_written(connection):
    """
    INSERT tells how many rows it wrote.
    """
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE pyathena_rows AS SELECT 1 AS a")
    cursor.execute("INSERT INTO pyathena_rows VALUES (2), (3)")
    assert 2 == cursor.rowcount
    cursor.execute("SELECT sum(a) FROM pyathena_rows")
    assert [(6,)] == cursor.fetchall()


def test_errors(connection):
    """
    A failed query raises with Athena's reason.
    """
    with pytest.raises(OperationalError, match="COLUMN_NOT_FOUND: line 1:8: Column 'nosuch'"):
        connection.cursor().execute("SELECT nosuch FROM flights")


def test_metadata(connection):
    """
    The cursor lists databases and tables.
    """
    cursor = connection.cursor()
    assert "nyc" in [entry.name for entry in cursor.list_databases("AwsDataCatalog")]
    assert ["carrier", "name"] == [column.name for column in cursor.get_table_metadata("airlines").columns]
