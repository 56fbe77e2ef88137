"""The kind of query the pipeline runs: five tables joined, cleaned and unloaded, on real rows."""

from __future__ import annotations

import csv
import io

import pyarrow.parquet as pq
import pytest

from tests.localaws.athena.conftest import DATA

INGEST = """
UNLOAD (
  WITH flights AS (
    SELECT *, row_number() OVER (PARTITION BY year, month, day, carrier, flight, origin ORDER BY time_hour) AS copy
    FROM nyc.flights
    WHERE month BETWEEN ? AND ?
  ),
  kept AS (
    SELECT f.*, TRY_CAST(f.air_time AS double) AS minutes_in_air, TRY_CAST(f.arr_delay AS double) AS late_by
    FROM flights f
    WHERE f.copy = 1 AND f.dep_time <> 'NA'
  )
  SELECT
    CAST(from_iso8601_timestamp(k.time_hour) AS timestamp) AS scheduled,
    hour(from_iso8601_timestamp(k.time_hour)) AS utc_hour,
    k.carrier, a.name AS airline, k.origin, k.dest, k.tailnum, k.distance, k.minutes_in_air,
    2013 - TRY_CAST(p.year AS integer) AS plane_age, p.seats,
    w.temp, TRY_CAST(w.wind_gust AS double) AS wind_gust, w.precip, to_airport.lat, to_airport.lon,
    CASE WHEN k.late_by > CAST(? AS double) THEN 1 ELSE 0 END AS late
  FROM kept k
  JOIN airlines a ON k.carrier = a.carrier
  LEFT JOIN planes p ON k.tailnum = p.tailnum
  LEFT JOIN weather w ON k.origin = w.origin AND k.time_hour = w.time_hour
  LEFT JOIN airports to_airport ON k.dest = to_airport.faa
  WHERE k.minutes_in_air BETWEEN 20 AND 700
) TO '{location}' WITH (format = 'PARQUET', compression = 'SNAPPY')
"""


@pytest.fixture(scope="module")
def unloaded(run, nyc, lake, keys, client) -> list[dict]:
    """The rows of the dataset."""
    run(INGEST.format(location=f"s3://{lake}/dataset/"), "1", "12", "30.0")
    rows: list[dict] = []
    for key in keys("dataset/"):
        body = client("s3").get_object(Bucket=lake, Key=key)["Body"].read()
        rows += pq.read_table(io.BytesIO(body)).to_pylist()
    return rows


@pytest.fixture(scope="module")
def flown() -> list[dict]:
    """The flights that should be in it, by plain Python."""
    with (DATA / "flights.csv").open() as file:
        return [row for row in csv.DictReader(file) if row["dep_time"] != "NA" and row["air_time"] != "NA"]


def test_every_flight_that_flew_is_there_once(unloaded, flown):
    """
    Joins multiply nothing, and only what was not flown is dropped.
    """
    expected = sorted((row["carrier"], row["dest"], float(row["air_time"])) for row in flown)
    assert expected == sorted((row["carrier"], row["dest"], row["minutes_in_air"]) for row in unloaded)


def test_the_label_is_right(unloaded, flown):
    """
    As many are late as the raw file says, by the parameter given.
    """
    assert sum(float(row["arr_delay"]) > 30 for row in flown) == sum(row["late"] for row in unloaded) > 0


def test_joined_values(unloaded):
    """
    The first flight of 2013 has its airline, plane, weather and airport.
    """
    [row] = [
        r for r in unloaded if (r["carrier"], r["tailnum"], r["minutes_in_air"]) == ("UA", "N14228", 227.0)
    ]
    assert "2013-01-01 10:00:00" == str(row["scheduled"])
    assert (10, "United Air Lines Inc.", "EWR", "IAH") == (
        row["utc_hour"],
        row["airline"],
        row["origin"],
        row["dest"],
    )
    assert (14, 149) == (row["plane_age"], row["seats"])
    assert 39.02 == row["temp"]
    assert None is row["wind_gust"]
    assert 29.98 == round(row["lat"], 2)


def test_types_are_the_catalogue_s(client, lake, keys, unloaded):
    """
    Timestamps, whole numbers and texts arrive as such in Parquet.
    """
    body = client("s3").get_object(Bucket=lake, Key=keys("dataset/")[0])["Body"].read()
    kinds = {field.name: str(field.type) for field in pq.read_schema(io.BytesIO(body))}
    assert ("timestamp[us]", "int64", "string") == (kinds["scheduled"], kinds["utc_hour"], kinds["airline"])
    assert ("int32", "int32", "double") == (kinds["plane_age"], kinds["late"], kinds["minutes_in_air"])
