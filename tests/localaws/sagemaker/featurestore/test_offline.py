"""The offline store: what lands in S3, what Athena sees of it, and that nothing is lost or doubled."""

from __future__ import annotations

import io
import re
import threading

import pyarrow.parquet as pq
import pytest

from tests.localaws.sagemaker.featurestore.conftest import until

NEWEST = """
SELECT id, amount FROM (
  SELECT *, row_number() OVER (
    PARTITION BY id ORDER BY "when" DESC, api_invocation_time DESC, write_time DESC) AS place
  FROM {{table}} WHERE "when" <= '{moment}')
WHERE place = 1 AND NOT is_deleted ORDER BY id
"""


def test_files_lie_where_aws_has_them(store):
    """Each hour of event times has its folder; a file is called by its latest event time and 16 characters."""
    group = store.create()
    for when in ("2026-03-01T05:10:00Z", "2026-03-01T05:50:30Z", "2025-12-31T23:59:59.999Z"):
        store.put(group, {"Id": 1, "When": when})
    store.offline(group, 3, "SELECT 1")
    created = int(group["CreationTime"].timestamp())
    name, files = group["FeatureGroupName"], store.files(group)

    storage = group["OfflineStoreConfig"]["S3StorageConfig"]
    inner = f"123456789012/sagemaker/us-east-1/offline-store/{name}-{created}/data"
    assert f"s3://{store.bucket}/features/{inner}" == storage["ResolvedOutputS3Uri"]
    assert {"year=2026/month=03/day=01/hour=05", "year=2025/month=12/day=31/hour=23"} == {
        file.rpartition("/")[0] for file in files
    }
    assert all(
        re.fullmatch(r"\d{8}T\d{6}Z_[0-9A-Za-z]{16}\.parquet", file.rpartition("/")[2]) for file in files
    )
    assert any(
        file.endswith("23/" + file.rpartition("/")[2]) and "20251231T235959Z_" in file for file in files
    )


def test_files_are_parquet_of_the_features_types(store):
    """Integral is int64, Fractional double, String text; then three columns Feature Store adds."""
    group = store.create()
    store.put(group, {"Id": 7, "When": "2026-03-01T05:00:00Z", "Amount": "2.5"})
    [file] = until(lambda: store.files(group), bool)
    prefix = group["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"].partition(
        store.bucket + "/"
    )[2]
    body = store.s3.get_object(Bucket=store.bucket, Key=f"{prefix}/{file}")["Body"].read()
    table = pq.read_table(io.BytesIO(body))

    assert {
        "Id": "int64",
        "When": "string",
        "Amount": "double",
        "Note": "string",
        "write_time": "timestamp[us]",
        "api_invocation_time": "timestamp[us]",
        "is_deleted": "bool",
    } == {field.name: str(field.type) for field in table.schema}
    [row] = table.to_pylist()
    assert (7, 2.5, None, False) == (row["Id"], row["Amount"], row["Note"], row["is_deleted"])
    assert row["api_invocation_time"] < row["write_time"]


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-01-01T00:00:00Z", [("1", "1.0")]),
        ("2026-01-05T00:00:00Z", [("1", "5.0"), ("2", "20.0")]),
        ("2026-01-07T00:00:00Z", [("1", "5.0")]),
        ("2026-01-31T00:00:00Z", [("1", "9.0"), ("2", "21.0")]),
    ],
)
def test_a_query_sees_the_past_as_it_was(history, store, moment, expected):
    """The newest row of each identifier up to a moment is right, with late records, corrections and deletions."""
    assert expected == store.offline(history, 7, NEWEST.format(moment=moment))


@pytest.fixture(scope="module")
def history(store):
    """A group whose records came in no order."""
    group = store.create()
    put = [
        {"Id": 1, "When": "2026-01-09T00:00:00Z", "Amount": 9},
        {"Id": 1, "When": "2026-01-01T00:00:00Z", "Amount": 1},
        {"Id": 2, "When": "2026-01-02T00:00:00Z", "Amount": 20},
        {"Id": 1, "When": "2026-01-05T00:00:00Z", "Amount": 4},
        {"Id": 1, "When": "2026-01-05T00:00:00Z", "Amount": 5},
    ]
    for values in put:
        store.put(group, values)
    store.delete(group, 2, "2026-01-06T00:00:00Z")
    store.put(group, {"Id": 2, "When": "2026-01-08T00:00:00Z", "Amount": 21})
    return group


def test_a_mark_of_deletion_has_no_values(store):
    """A deletion is a row with identifier, event time and is_deleted, whatever it did online."""
    group = store.create()
    store.put(group, {"Id": 1, "When": "2026-01-02T00:00:00Z", "Amount": 9})
    store.delete(group, 1, "2026-01-01T00:00:00Z")

    sql = 'SELECT id, "when", amount, is_deleted FROM {table} WHERE is_deleted'
    assert [("1", "2026-01-01T00:00:00Z", None, "true")] == store.offline(group, 2, sql)
    assert "2026-01-02T00:00:00Z" == store.get(group, 1)["When"]


def test_partitions_are_in_the_catalogue(store, client):
    """Glue knows a partition of each hour, and Athena reads only those a condition names."""
    group = store.create()
    for day in ("01", "02", "03"):
        store.put(group, {"Id": 1, "When": f"2026-01-{day}T00:00:00Z"})
    assert [("02",)] == store.offline(group, 3, "SELECT day FROM {table} WHERE day = '02'")
    place = group["OfflineStoreConfig"]["DataCatalogConfig"]
    found = client("glue").get_partitions(DatabaseName=place["Database"], TableName=place["TableName"])
    keys = client("glue").get_table(DatabaseName=place["Database"], Name=place["TableName"])["Table"]

    assert [["2026", "01", day, "00"] for day in ("01", "02", "03")] == sorted(
        partition["Values"] for partition in found["Partitions"]
    )
    assert ["year", "month", "day", "hour"] == [key["Name"] for key in keys["PartitionKeys"]]


def test_new_features_are_empty_in_old_rows(store):
    """After an update Athena has the new column, also in hours that had rows before."""
    group = store.create()
    record = {"Id": 1, "When": "2026-01-01T00:00:00Z"}
    store.put(group, record)
    store.offline(group, 1, "SELECT 1")
    store.sagemaker.update_feature_group(
        FeatureGroupName=group["FeatureGroupName"],
        FeatureAdditions=[{"FeatureName": "Colour", "FeatureType": "String"}],
    )
    store.put(group, {**record, "Id": 2, "Colour": "red"})

    found = store.offline(group, 2, "SELECT id, colour FROM {table} ORDER BY id")
    assert [("1", None), ("2", "red")] == found


def test_a_bucket_that_goes_away_blocks(store):
    """The group says why nothing lands; records wait, and land when the bucket is back."""
    bucket = store.bucket + "-second"
    store.s3.create_bucket(Bucket=bucket)
    group = store.create(OfflineStoreConfig={"S3StorageConfig": {"S3Uri": f"s3://{bucket}"}})
    store.s3.delete_bucket(Bucket=bucket)
    store.put(group, {"Id": 1, "When": "2026-01-01T00:00:00Z"})
    name = group["FeatureGroupName"]

    def status() -> dict:
        return store.sagemaker.describe_feature_group(FeatureGroupName=name)["OfflineStoreStatus"]

    blocked = until(status, lambda found: found["Status"] == "Blocked")
    assert blocked["BlockedReason"].startswith("NoSuchBucket")
    listed = store.sagemaker.list_feature_groups(OfflineStoreStatusEquals="Blocked")["FeatureGroupSummaries"]
    assert [name] == [summary["FeatureGroupName"] for summary in listed]

    store.s3.create_bucket(Bucket=bucket)
    assert [("1",)] == store.offline(group, 1, "SELECT id FROM {table}")
    assert {"Status": "Active"} == until(status, lambda found: found["Status"] == "Active")


def test_the_caller_may_name_or_forgo_the_table(store, client):
    """A table of the caller's name is made; without one the files land all the same."""
    database = f"own_{store.bucket.replace('-', '_')}"
    client("glue").create_database(DatabaseInput={"Name": database})
    storage = {"S3StorageConfig": {"S3Uri": f"s3://{store.bucket}/own"}}
    catalog = {"TableName": "mine", "Catalog": "AwsDataCatalog", "Database": database}
    named = store.create(OfflineStoreConfig={**storage, "DataCatalogConfig": catalog})
    bare = store.create(OfflineStoreConfig={**storage, "DisableGlueTableCreation": True})
    for group in (named, bare):
        store.put(group, {"Id": 1, "When": "2026-01-01T00:00:00Z"})

    assert [("1",)] == store.offline(named, 1, "SELECT id FROM {table}")
    assert 1 == len(until(lambda: store.files(bare), bool))
    assert "DataCatalogConfig" not in bare["OfflineStoreConfig"]


def test_nothing_acknowledged_is_lost_or_doubled(start, open_store, tmp_path):
    """Through kill -9 amid writing, and a stop, each record that was acknowledged is offline once, and online."""
    running = start(tmp_path / "state")
    store = open_store(running)
    group = store.create()
    acknowledged: list[int] = []
    going = threading.Event()

    def write() -> None:
        for number in range(10_000):
            try:
                store.put(group, {"Id": number, "When": f"2026-01-01T{number % 24:02}:00:00Z"})
            except Exception:  # the server was killed: whatever the client says of that
                return
            acknowledged.append(number)
            if number == 400:
                going.set()

    writer = threading.Thread(target=write)
    writer.start()
    assert going.wait(30)
    running.process.kill()
    running.process.wait()
    writer.join()

    second = start(tmp_path / "state")
    store = open_store(second, store.bucket)
    last = acknowledged[-1]
    store.put(group, {"Id": 20_000, "When": "2026-01-02T00:00:00Z"})
    assert 0 == second.stop()
    store = open_store(start(tmp_path / "state"), store.bucket)

    [counts] = store.ask(group, "SELECT count(*), count(DISTINCT id), count_if(id = 20000) FROM {table}")
    rows, different, final = map(int, counts)
    assert rows == different
    assert len(acknowledged) + 1 <= rows <= len(acknowledged) + 2  # one may have been under way
    assert 1 == final
    assert str(last) == store.get(group, last)["Id"]
