"""Spark jobs through boto3: a real session runs ``spark_script.py``; the tests look at what it says and leaves."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from tests.localaws.glue.conftest import Glue

pytest.importorskip("pyspark", reason="needs the extra foldline[spark]")
pytestmark = pytest.mark.skipif(shutil.which("java") is None, reason="needs Java")

SCRIPT = Path(__file__).with_name("spark_script.py").read_text()
COLUMNS = [{"Name": "order", "Type": "string"}, {"Name": "amount", "Type": "bigint"}]
CSV = {
    "Columns": COLUMNS,
    "SerdeInfo": {
        "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
        "Parameters": {"field.delim": ","},
    },
}


@pytest.fixture(scope="module")
def glue(client: Callable) -> Glue:
    bucket = f"bucket-{uuid.uuid4().hex[:12]}"
    client("s3").create_bucket(Bucket=bucket)
    return Glue(client, bucket)


@pytest.fixture(scope="module")
def database(glue: Glue) -> str:
    """A database with a partitioned table ``orders`` of CSV, and the objects the script reads."""
    name = f"db_{uuid.uuid4().hex[:8]}"
    root = f"s3://{glue.bucket}/orders"
    glue.api.create_database(DatabaseInput={"Name": name})
    keys = [{"Name": "month", "Type": "int"}]
    described = {"Name": "orders", "PartitionKeys": keys, "StorageDescriptor": {**CSV, "Location": root}}
    glue.api.create_table(
        DatabaseName=name, TableInput={**described, "Parameters": {"classification": "csv"}}
    )
    for month, lines in ((1, "a,10\nb,20\n"), (2, "c,30\n")):
        glue.put(f"orders/m{month}/part.csv", lines)
        partition = {"Values": [str(month)], "StorageDescriptor": {**CSV, "Location": f"{root}/m{month}/"}}
        glue.api.create_partition(DatabaseName=name, TableName="orders", PartitionInput=partition)
    glue.put("in/dt=1/a.csv", "id,x\n1,2.5\n2,3.5\n")
    glue.put("in/dt=2/a.csv", "id,x\n3,4.5\n")
    glue.put("nested/a.json", '{"id": 1, "who": {"name": "ann"}, "tags": [{"t": "x"}, {"t": "y"}]}\n')
    return name


@pytest.fixture(scope="module")
def job(glue: Glue, database: str) -> str:
    arguments = {
        "--bucket": glue.bucket,
        "--database": database,
        "--job-bookmark-option": "job-bookmark-enable",
        "--enable-glue-datacatalog": "true",
    }
    return glue.job(SCRIPT, kind="glueetl", DefaultArguments=arguments, WorkerType="G.1X", NumberOfWorkers=2)


@pytest.fixture(scope="module")
def first(glue: Glue, job: str) -> SimpleNamespace:
    """The first run, and what its script said."""
    run = glue.run(job)
    assert "SUCCEEDED" == run["JobRunState"], (run, glue.lines(run, "error")[-30:])
    return SimpleNamespace(run=run, said=json.loads(glue.lines(run)[-1]))


def test_the_run(glue, first, job):
    """
    A Spark run gets JOB_NAME and JOB_RUN_ID, and logs to Glue's groups.
    """
    assert (job, first.run["Id"]) == (first.said["name"], first.said["id"])
    assert ("/aws-glue/jobs", "6.0", 2.0) == tuple(
        first.run[key] for key in ("LogGroupName", "GlueVersion", "MaxCapacity")
    )
    assert "INFO GlueLogger: the job has begun" in glue.lines(first.run, "error")


def test_dynamic_frames(first):
    """
    The transforms give what Glue's give.
    """
    said = first.said
    assert [3, 3] == said["new"]
    assert [1, 2, 3] == said["mapped"]
    assert {"key": "bigint", "x": "double"} == said["types"]
    assert 2 == said["filtered"]
    assert [5.0, 7.0, 9.0] == said["mapped by function"]
    assert [[".key", "key", "word", "x"], 2] == said["joined"]
    assert "double" == said["cast"]
    assert ["key"] == said["dropped"]
    assert {
        "root": ["id", "tags", "who.name"],
        "root_tags": ["id", "index", "tags.val.t"],
    } == said["relationalized"]
    assert [1, 2] == said["split"]
    assert [[30, 2]] == said["pushed down"]
    assert 2 == said["excluded"]
    assert {"order": "string", "amount": "bigint", "month": "string"} == said["matched"]


def test_sinks(glue, first, database):
    """
    A sink writes partition folders and keeps the catalogue up to date; Glue's writer leaves no _SUCCESS.
    """
    keys = glue.keys("sink/")
    assert {"parity=0", "parity=1", "parity=2"} == {key.split("/")[1] for key in keys}
    assert all(key.split("/")[2].startswith("run-") and key.endswith(".parquet") for key in keys)
    table = glue.api.get_table(DatabaseName=database, Name="sunk")["Table"]
    assert {"key": "bigint", "x": "double"} == {
        c["Name"]: c["Type"] for c in table["StorageDescriptor"]["Columns"]
    }
    assert [{"Name": "parity", "Type": "bigint"}] == table["PartitionKeys"]
    partitions = glue.api.get_partitions(DatabaseName=database, TableName="sunk")["Partitions"]
    assert [["0"], ["1"], ["2"]] == [partition["Values"] for partition in partitions]
    assert [[2, 10], {"key": "bigint", "x": "double", "parity": "bigint"}] == first.said["sunk"]
    body = glue.s3.get_object(Bucket=glue.bucket, Key=glue.keys("csv/")[0])["Body"].read().decode()
    assert "key,x" == body.splitlines()[0]


def test_s3_paths_in_plain_spark(glue, first):
    """
    spark.read and spark.write take s3 paths, with every mode, partitions and wildcards.
    """
    said = first.said
    assert "[PATH_ALREADY_EXISTS]" in said["exists"]
    assert (6, 3, 5, 3) == tuple(said[key] for key in ("appended", "overwritten", "wildcard", "lines"))
    assert "[UNSUPPORTED_OVERWRITE.PATH]" in said["itself"]
    assert "[PATH_NOT_FOUND]" in said["nothing"]
    assert {"_SUCCESS", "id=1", "id=2", "id=3"} == {key.split("/")[1] for key in glue.keys("out/")}


def test_the_catalogue_in_spark_sql(first):
    """
    Tables of the catalogue are read by name; statements that write to it are refused.
    """
    assert [[1, 30], [2, 30]] == first.said["sql"]
    assert 2 == first.said["table"]
    assert "localaws does not implement INSERT in spark.sql" in first.said["insert"]


def test_refusals(first):
    """
    What the shim has not, it names.
    """
    assert "NotImplementedError: localaws does not implement" in first.said["jdbc"]
    assert "DynamicFrame.unbox" in first.said["unbox"]


def test_bookmarks(glue, first, job):
    """
    A second run reads only what came after the first; a reset bookmark forgets.
    """
    entry = glue.api.get_job_bookmark(JobName=job)["JobBookmarkEntry"]
    assert (1, first.run["Id"]) == (entry["Run"], entry["RunId"])
    assert {"rows", "orders"} == json.loads(entry["JobBookmark"]).keys()
    glue.put("in/dt=2/b.csv", "id,x\n4,5.5\n")
    run = glue.run(job)
    assert [1, 0] == json.loads(glue.lines(run)[-1])["new"], run
    entry = glue.api.get_job_bookmark(JobName=job)["JobBookmarkEntry"]
    assert (2, run["Id"], first.run["Id"]) == (entry["Run"], entry["RunId"], entry["PreviousRunId"])
    assert 0 == glue.api.reset_job_bookmark(JobName=job)["JobBookmarkEntry"]["Run"]
    assert "{}" == glue.api.get_job_bookmark(JobName=job)["JobBookmarkEntry"]["JobBookmark"]


def test_without_java_a_run_is_refused(start, connect, monkeypatch, tmp_path):
    """
    Where Spark cannot run StartJobRun says what to install.
    """
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    api = connect(start(tmp_path / "state"), "glue")
    api.create_job(Name="etl", Role="role", Command={"Name": "glueetl", "ScriptLocation": "s3://a/b.py"})
    with pytest.raises(ClientError, match=r"foldline\[spark\]") as caught:
        api.start_job_run(JobName="etl")
    assert "NotImplemented" == caught.value.response["Error"]["Code"]
