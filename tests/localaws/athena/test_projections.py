"""Partition projection: partitions from a table's properties, none of them in the catalogue."""

from __future__ import annotations

import datetime as dt

import pytest

from localaws.athena.failures import QueryFailed
from localaws.athena.projections import projected

NOW = dt.datetime(2024, 3, 31, 10, 20, 30)
DELIMITED = "ROW FORMAT DELIMITED FIELDS TERMINATED BY ','"


def table_of(keys: list[str], location: str = "s3://b/t/", **properties: str) -> dict:
    """A table's document; the properties' names are those behind ``projection.``, with ``__`` for a point."""
    parameters = {f"projection.{name.replace('__', '.')}": value for name, value in properties.items()}
    return {
        "PartitionKeys": [{"Name": key, "Type": "string"} for key in keys],
        "StorageDescriptor": {"Location": location},
        "Parameters": {"projection.enabled": "true", **parameters},
    }


def values(asked=None, **properties: str) -> list[str]:
    """The values of the one partition key ``k``."""
    return [part.values[0] for part in projected(table_of(["k"], **properties), asked or {}, NOW)]


class TestValues:
    @pytest.mark.parametrize(
        ("expected", "properties"),
        [
            (["a", " b", "c"], {"k__type": "enum", "k__values": "a, b,c"}),
            (["1", "2", "3"], {"k__type": "integer", "k__range": "1,3"}),
            (
                ["01", "03", "05"],
                {"k__type": " INTEGER ", "k__range": "1, 5", "k__interval": "2", "k__digits": "2"},
            ),
            (["-1", "0"], {"k__type": "integer", "k__range": "-1,0"}),
            (
                ["2024-02-28", "2024-02-29", "2024-03-01"],
                {"k__type": "date", "k__range": "2024-02-28,2024-03-01", "k__format": "yyyy-MM-dd"},
            ),
            (
                ["2024/03/30", "2024/03/31"],
                {"k__type": "date", "k__range": "NOW-1DAYS,NOW", "k__format": "yyyy/MM/dd"},
            ),
            (["202402", "202403"], {"k__type": "date", "k__range": "NOW-1MONTH,NOW", "k__format": "yyyyMM"}),
            (
                ["2022", "2023", "2024"],
                {"k__type": "date", "k__range": "NOW-2YEARS,NOW", "k__format": "yyyy"},
            ),
            (
                ["2024-03-31-08", "2024-03-31-10"],
                {
                    "k__type": "date",
                    "k__range": "NOW-2HOURS,NOW",
                    "k__format": "yyyy-MM-dd-HH",
                    "k__interval": "2",
                    "k__interval__unit": "HOURS",
                },
            ),
        ],
    )
    def test_of_a_range(self, expected, properties):
        """
        Enumerations, integers and dates count from the first to the last value, both among them.
        """
        assert expected == values(**properties)

    @pytest.mark.parametrize(
        ("message", "properties"),
        [
            ("projection.k.type is missing", {}),
            ("is none of enum, integer, date and injected", {"k__type": "hash"}),
            ("projection.k.values is missing", {"k__type": "enum"}),
            ("is not of the form low,high", {"k__type": "integer", "k__range": "1-3"}),
            ("is not of numbers", {"k__type": "integer", "k__range": "a,b"}),
            ("has more than", {"k__type": "integer", "k__range": "1,99999999"}),
            ("does not fit its format", {"k__type": "date", "k__range": "x,NOW", "k__format": "yyyy"}),
            ("interval is needed", {"k__type": "date", "k__range": "NOW,NOW", "k__format": "yyyyMMddHH"}),
        ],
    )
    def test_properties_that_make_no_sense(self, message, properties):
        """
        The query would fail, and names the property.
        """
        with pytest.raises(QueryFailed, match=message):
            values(**properties)

    def test_an_injected_column_needs_a_value(self):
        """
        CONSTRAINT_VIOLATION in Athena's words; with values asked for it has those.
        """
        with pytest.raises(QueryFailed, match="Injected projected partition column k must have only"):
            values(k__type="injected")
        assert ["x", "y"] == values({"k": ("x", "y")}, k__type="injected")


def test_folders_are_named_by_the_keys_or_by_the_template():
    """
    Without a template the folders are Hive's; a template may name them otherwise, and must name each column.
    """
    years = {"y__type": "integer", "y__range": "1,2", "r__type": "enum", "r__values": "eu"}
    table = table_of(["y", "r"], **years)
    assert ["s3://b/t/y=1/r=eu/", "s3://b/t/y=2/r=eu/"] == [
        part.location for part in projected(table, {}, NOW)
    ]
    table["Parameters"]["storage.location.template"] = "s3://b/${r}/${y}/data"
    assert ["s3://b/eu/1/data", "s3://b/eu/2/data"] == [part.location for part in projected(table, {}, NOW)]
    table["Parameters"]["storage.location.template"] = "s3://b/${r}/"
    with pytest.raises(QueryFailed, match=r"has no \${y}"):
        list(projected(table, {}, NOW))


@pytest.fixture(scope="module")
def logs(run, put, nyc, lake) -> str:
    """A table of hours by region, with an injected tenant, whose files lie where a template says."""
    for tenant, day, rows in (
        ("t1", "2024/01/01", "1\n2\n"),
        ("t1", "2024/01/02", "3\n"),
        ("t2", "2024/01/01", "4\n"),
    ):
        put(f"logs/{tenant}/eu/{day}/part.csv", rows)
    put("logs/t1/us/2023/12/31/outside.csv", "9\n")
    run(f"""CREATE EXTERNAL TABLE projected (n int)
        PARTITIONED BY (tenant string, region string, day string) {DELIMITED} LOCATION 's3://{lake}/logs/'
        TBLPROPERTIES ('projection.enabled' = 'true', 'projection.tenant.type' = 'injected',
            'projection.region.type' = 'enum', 'projection.region.values' = 'eu,us',
            'projection.day.type' = 'date', 'projection.day.range' = '2024/01/01,NOW',
            'projection.day.format' = 'yyyy/MM/dd',
            'storage.location.template' = 's3://{lake}/logs/${{tenant}}/${{region}}/${{day}}')""")
    return "projected"


class TestQueries:
    def test_rows_with_their_partitions(self, run, logs):
        """
        Files of folders inside the ranges are read, with the values of their partitions.
        """
        rows = run(f"SELECT n, tenant, region, day FROM {logs} WHERE tenant = 't1' ORDER BY n").rows
        assert [
            ("1", "t1", "eu", "2024/01/01"),
            ("2", "t1", "eu", "2024/01/01"),
            ("3", "t1", "eu", "2024/01/02"),
        ] == rows
        assert [("4",)] == run(f"SELECT count(*) FROM {logs} WHERE tenant IN ('t1', 't2')").rows

    def test_conditions_prune(self, run, logs):
        """
        Only the folder a query asks for is scanned.
        """
        answer = run(f"SELECT sum(n) FROM {logs} WHERE tenant = 't1' AND day > '2024/01/01'")
        assert ([("3",)], 2) == (answer.rows, answer.scanned)

    def test_the_injected_column_is_needed(self, ask, logs):
        """
        Without its value the query fails.
        """
        answer = ask(f"SELECT count(*) FROM {logs}")
        assert answer.reason.startswith("CONSTRAINT_VIOLATION: Injected projected partition column tenant")
