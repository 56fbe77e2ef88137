"""Rows of a real PostgreSQL and of a SQLite file become Parquet, each once, whatever dies on the way."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from foldline.aws import Clients
from foldline.errors import ConfigError, DataError, EnvironmentFault, JobConflict, JobFailed
from foldline.layout import PipelineLayout
from foldline.remote.extracts.watermarks import Watermarks
from foldline.sourcesql import bound, shard_query
from foldline.steps.extract import ExtractSettings
from foldline.waiting import Interrupted, Staying, Watch
from operators.extract import SourceExtractOperator, place_of
from operators.extract_worker import Reading
from tests.airflowhomes import migrated
from tests.conftest import Endpoint, start_endpoint
from tests.dags.extractbed import ShopBed
from tests.dags.warehousebed import Killed, KillingClients
from tests.e2e.conftest import Project, variables_for
from tests.faults.postgres import PASSWORD, USER, Postgres, Unavailable, postgres

pytestmark = pytest.mark.xdist_group("extract")
ROWS = 500
TABLE = """
CREATE TABLE orders (
    id bigint, customer text, amount numeric(18,2), paid boolean, note text, placed_at date, changed_at timestamptz
)"""
FILL = f"""
INSERT INTO orders
SELECT CASE WHEN n % 50 = 0 THEN NULL WHEN n % 3 = 0 THEN -n WHEN n % 7 = 0 THEN 7 ELSE n END,
       'c' || n % 7, n * 1.25, n % 2 = 0, 'it''s 100% :a', DATE '2026-01-01' + n,
       TIMESTAMPTZ '2026-01-01 00:00:00+02' + n * INTERVAL '1 hour'
FROM generate_series(1, {ROWS}) AS n"""
ONE_MORE = "INSERT INTO orders VALUES ({}, 'c9', 1, true, NULL, '2027-01-01', TIMESTAMPTZ '2027-01-01 00:00Z' + {} * INTERVAL '1 hour')"


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A PostgreSQL of these tests' own."""
    try:
        with postgres() as running:
            yield running
    except Unavailable as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """An endpoint of these tests' own."""
    running = start_endpoint(tmp_path_factory.mktemp("extract"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def client(endpoint: Endpoint, connect: Callable[..., Any]) -> Callable[[str], Any]:
    made: dict[str, Any] = {}

    def get(service: str) -> Any:
        if service not in made:
            made[service] = connect(endpoint, service)
        return made[service]

    return get


@pytest.fixture(scope="module")
def secret(client: Callable[[str], Any], server: Postgres) -> str:
    """ARN of a secret with the credentials of a full database."""
    server.create("spread")
    server.run(TABLE, "spread")
    server.run(FILL, "spread")
    document = {"host": "127.0.0.1", "port": server.port, "username": USER, "password": PASSWORD}
    text = json.dumps({**document, "dbname": "spread"})
    arn: str = client("secretsmanager").create_secret(Name="spread", SecretString=text)["ARN"]
    return arn


@dataclass(frozen=True)
class Shop:
    """A project, and the database that its connection leads to."""

    bed: ShopBed
    server: Postgres

    def run(self, statement: str) -> str:
        """A statement in the shop's database."""
        return self.server.run(statement, self.bed.database)

    def add(self, number: int) -> None:
        """One more order, later than all before."""
        self.run(ONE_MORE.format(1000 + number, number))

    def add_plain(self, number: int) -> None:
        """One more order, whatever the other columns."""
        moment = f"TIMESTAMPTZ '2027-01-01 00:00Z' + {number} * INTERVAL '1 hour'"
        self.run(f"INSERT INTO orders (id, changed_at) VALUES ({number}, {moment})")

    def seen(self, table: str) -> int:
        """Rows that readers of a Glue table see."""
        ((rows,),) = self.bed.athena(f"SELECT COUNT(*) FROM {self.bed.database}.{table}")
        return int(rows or 0)

    def is_published(self, table: str) -> bool:
        """Whether readers see the table at all."""
        glue = self.bed.client("glue")
        if self.bed.database not in [one["Name"] for one in glue.get_databases()["DatabaseList"]]:
            return False
        tables = glue.get_tables(DatabaseName=self.bed.database)["TableList"]
        return table in [one["Name"] for one in tables]


NUMBERS = itertools.count(1)


@pytest.fixture
def shop(
    endpoint: Endpoint,
    client: Callable[[str], Any],
    server: Postgres,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Shop:
    """A project and a full database of this test's own."""
    bed = ShopBed.at(tmp_path / "project", endpoint, client, f"t{next(NUMBERS)}")
    made = Shop(bed, server)
    server.create(bed.database)
    made.run(TABLE)
    made.run(FILL)
    monkeypatch.setenv("AIRFLOW_CONN_SHOP_DB", server.url(bed.database, "postgres"))
    return made


def test_the_example_runs_in_airflow(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> None:
    """
    From the database to Athena's answer by `dag.test()`; the password is in no log, result, record or object.
    """
    home = migrated(tmp_path_factory.mktemp("airflow-extract"))
    variables = variables_for(shop.bed.root, shop.bed.endpoint.url, home)
    address = shop.server.url(shop.bed.database, "postgres")
    project = Project(shop.bed.root, {**variables, "AIRFLOW_CONN_SHOP_DB": address})

    run = json.loads(project.foldline("run", "shop", "--output", "json", "-p", "least=10").stdout)

    layout = PipelineLayout(shop.bed.bucket, "shop").run(run["run_id"])
    records = {}
    for task in ("extract", "ingest"):
        at = layout.record(task)
        answer = shop.bed.client("s3").get_object(Bucket=at.bucket, Key=at.key)
        records[task] = json.loads(answer["Body"].read())
    wanted = int(shop.run("SELECT COUNT(*) FROM orders WHERE amount >= 10"))
    spent = Decimal(shop.run("SELECT SUM(amount) FROM orders WHERE amount >= 10"))
    assert wanted == records["extract"]["result"]["rows"]
    answered = shop.bed.table(records["ingest"]["result"]["uri"]).to_pylist()
    assert (7, float(spent)) == (len(answered), sum(row["spent"] for row in answered))
    bodies = [
        shop.bed.client("s3").get_object(Bucket=shop.bed.bucket, Key=key)["Body"].read()
        for key in shop.bed.keys("")
    ]
    logs = [path.read_bytes() for path in project.root.rglob("*.log")]
    assert logs
    assert [] == [body for body in [*bodies, *logs] if PASSWORD.encode() in body]


def test_a_row_arrives_as_it_is(shop: Shop) -> None:
    """
    Whole numbers beyond 2^53, decimals, moments with a zone, texts, JSON, bytes and NULL, each of its own type.
    """
    shop.run("DROP TABLE orders")
    shop.run(
        "CREATE TABLE orders AS SELECT 9007199254740993::bigint AS id, 12345678901234567890.123456789::numeric(30,9) "
        "AS amount, 0.1::numeric AS bare, TIMESTAMPTZ '2026-03-29 02:30:00.123456+02' AS changed_at, "
        "TIMESTAMP '0001-01-01 00:00:00' AS first, DATE '9999-12-31' AS last, E'é\\n\\t\"100%' AS \"Note\", "
        "'{\"a\": [1, null]}'::jsonb AS doc, '\\x00ff'::bytea AS raw, NULL::int AS nothing, true AS paid, "
        "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid AS key, 0.1::float8 AS share, '12:30'::time AS at"
    )
    shop.bed.edit("extract.yaml", "query: orders.sql\nparameters: {least: 0}\n", "table: public.orders\n")
    shop.bed.edit("pipeline.yaml", "params: {least: extract.parameters.least}\n", "")

    (row,) = shop.bed.table(shop.bed.work("extract", "types")["uri"]).to_pylist()

    assert {
        "id": 9007199254740993,
        "amount": Decimal("12345678901234567890.123456789"),
        "bare": Decimal("0.1").quantize(Decimal("1e-18")),
        "changed_at": dt.datetime(2026, 3, 29, 0, 30, 0, 123456, tzinfo=dt.UTC),
        "first": dt.datetime(1, 1, 1),
        "last": dt.date(9999, 12, 31),
        "Note": 'é\n\t"100%',
        "doc": '{"a": [1, null]}',
        "raw": b"\x00\xff",
        "nothing": None,
        "paid": True,
        "key": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "share": 0.1,
        "at": "12:30:00",
    } == row
    ((number, amount),) = shop.bed.athena(f"SELECT id, amount FROM {shop.bed.database}.orders")
    assert ("9007199254740993", "12345678901234567890.123456789") == (number, amount)


def test_a_worker_killed_anywhere_leaves_one_consistent_result(shop: Shop) -> None:
    """
    Rows come and go between its tries; what counts is one state of the database, and nothing half is ever seen.
    """
    kills = 0
    while True:
        clients = KillingClients(shop.bed.ours, 1 + 3 * kills)  # each try that began costs a look
        shop.add(kills)
        try:
            found = shop.bed.work("extract", "killed", clients=clients)
            break
        except Killed:
            kills += 1
        if shop.is_published("orders"):
            assert ROWS < shop.seen("orders") <= ROWS + kills

    rows = shop.bed.table(found["uri"])
    assert kills >= 5
    assert found["rows"] == rows.num_rows == shop.seen("orders")
    extra = [number for number in rows["id"].to_pylist() if number is not None and number >= 1000]
    assert list(range(1000, 1000 + found["rows"] - ROWS)) == extra
    root = found["uri"].removesuffix("/").rpartition("/")[0]
    manifest = json.loads(shop.bed.text(f"{root}/_MANIFEST.json"))
    left = [key for key in shop.bed.keys(f"{root}/") if not key.endswith("_MANIFEST.json")]
    assert sorted(left) == sorted(
        f"{found['uri']}{part['name']}"[len(f"s3://{shop.bed.bucket}/") :] for part in manifest["parts"]
    )


def test_of_two_that_finish_both_give_the_same(shop: Shop) -> None:
    """
    A twin that read later finds the other's manifest, returns it and removes its own files.
    """
    first, second = _reading(shop, "twins"), _reading(shop, "twins")
    one = first.extracted()
    shop.add(1)
    other = second.extracted()
    assert (ROWS, ROWS + 1) == (one["rows"], other["rows"])

    counts = second.extract.complete(other)

    assert counts == first.extract.complete(one)
    assert ROWS + 1 == shop.bed.work("extract", "twins")["rows"]
    assert [] == shop.bed.keys(one["uri"])


def _reading(shop: Shop, run_id: str) -> Reading:
    """What the operator would read by."""
    run = shop.bed.run("extract", run_id)
    settings = run.settings(ExtractSettings)
    query = (shop.bed.root / "infra/shop/orders.sql").read_text()
    extract, _ = place_of(run, settings, query)
    watermarks = Watermarks(
        extract.client, extract.account, run.common.extracts("extract") / "watermark.json"
    )
    return Reading(run, settings, query, extract, watermarks, "orders.sql")


def test_readers_see_the_old_rows_until_the_new_are_complete(shop: Shop) -> None:
    """
    A run that fails, or finds too few, changes nothing; the one that succeeds is seen whole.
    """
    before = shop.bed.work("extract", "old")
    shop.run("DELETE FROM orders")
    with pytest.raises(DataError, match="finds 0 rows, must find 1"):
        shop.bed.work("extract", "empty")
    assert ROWS == shop.seen("orders")
    shop.run(FILL)
    shop.add(1)

    after = shop.bed.work("extract", "new")

    assert (ROWS, ROWS + 1) == (before["rows"], after["rows"])
    assert ROWS + 1 == shop.seen("orders")
    assert before["uri"] != after["uri"]


class DyingAtTheWatermark(Clients):
    """Clients of a worker that is killed just before it says how far it came."""

    def __init__(self, clients: Clients) -> None:
        super().__init__(clients.environment)
        self.clients = clients

    def client(self, service: str) -> Any:
        return NoWatermark(self.clients.client(service))


@dataclass
class NoWatermark:
    """An S3 client that does not live to write it."""

    client: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def put_object(self, **request: Any) -> Any:
        if request["Key"].endswith("/watermark.json"):
            raise Killed("put_object")
        return self.client.put_object(**request)


def test_new_rows_come_once_also_when_a_task_is_cleared(shop: Shop) -> None:
    """
    Each run takes the rows beyond the last one's; a clear takes its own window again in place of the first.
    """
    first = shop.bed.work("changes", "one")["rows"]
    nothing = shop.bed.work("changes", "two")["rows"]
    shop.add(1)
    third = shop.bed.work("changes", "three")["rows"]

    again = shop.bed.work("changes", "one", epoch=1)["rows"]

    assert (ROWS, 0, 1, ROWS) == (first, nothing, third, again)
    assert ROWS + 1 == shop.seen("changes")


def test_two_runs_at_once_cannot_both_publish_the_same_rows(shop: Shop) -> None:
    """
    The second is told, publishes nothing, and after a clear begins where the first ended.
    """
    shop.bed.work("changes", "one")
    shop.add(1)
    with pytest.raises(Killed):  # right after its manifest: all is extracted, nothing published
        shop.bed.work("changes", "slow", clients=DyingAtTheWatermark(shop.bed.ours))
    shop.add(2)
    assert 2 == shop.bed.work("changes", "quick")["rows"]

    with pytest.raises(JobConflict, match="another run has extracted the same rows"):
        shop.bed.work("changes", "slow")
    assert ROWS + 2 == shop.seen("changes")
    shop.add(3)
    assert 1 == shop.bed.work("changes", "slow", epoch=1)["rows"]
    assert ROWS + 3 == shop.seen("changes")


def test_rows_that_no_window_would_hold_are_refused(shop: Shop) -> None:
    """
    A NULL in the column is told, with how many; nothing is written.
    """
    shop.run("UPDATE orders SET changed_at = NULL WHERE id = 1")

    with pytest.raises(DataError, match="1 rows have no 'changed_at'"):
        shop.bed.work("changes", "null")
    assert [] == [key for key in shop.bed.keys("shop/extracts/changes/") if key.endswith(".parquet")]


def test_younger_rows_than_the_lag_wait_for_the_next_run(shop: Shop) -> None:
    """
    Transactions that began before them may still commit.
    """
    shop.bed.edit("changes.yaml", "since: {column: changed_at}", "since: {column: changed_at, lag: 3h}")

    assert ROWS - 3 == shop.bed.work("changes", "one")["rows"]


def test_changed_columns_are_told_by_name(shop: Shop) -> None:
    """
    In the record; with `on_drift: fail` nothing is published.
    """
    shop.bed.work("changes", "before")
    shop.run("ALTER TABLE orders DROP COLUMN note")
    shop.run("ALTER TABLE orders ADD COLUMN gift boolean")
    shop.run("ALTER TABLE orders ALTER COLUMN placed_at TYPE timestamp")
    shop.add_plain(1)
    shop.bed.edit("changes.yaml", "min_rows: 0", "min_rows: 0\non_drift: fail")
    with pytest.raises(DataError, match="not those of the last extract") as caught:
        shop.bed.work("changes", "strict")
    assert ROWS == shop.seen("changes")
    shop.bed.edit("changes.yaml", "on_drift: fail", "on_drift: tell")

    run = shop.bed.run("changes", "told")
    SourceExtractOperator(step="shop.changes", task_id="changes").work(run)

    wanted = [
        "column note is gone",
        "column gift is new (boolean)",
        "column placed_at was date, is timestamp",
    ]
    assert wanted == run.evidence["drift"]
    assert all(line in str(caught.value) for line in wanted)


@pytest.mark.parametrize(
    ("file", "old", "new", "error", "words"),
    [
        ("orders.sql", "amount, paid", "price, paid", DataError, r'column "price" does not exist'),
        ("orders.sql", "FROM orders", "FROM nowhere", DataError, r'relation "nowhere" does not exist'),
        ("extract.yaml", "connection: shop_db", "connection: nobody", ConfigError, "no connection 'nobody'"),
        ("extract.yaml", "connection: shop_db", "connection: files", ConfigError, "which is no database"),
        (
            "extract.yaml",
            "fetch: 50",
            "types: {amount: bigint}",
            DataError,
            "'amount' holds what is no bigint",
        ),
    ],
)
def test_what_cannot_be_read_says_why(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, file: str, old: str, new: str, error: Any, words: str
) -> None:
    """
    The step, the reason, how to mend it; nothing is published.
    """
    monkeypatch.setenv("AIRFLOW_CONN_FILES", "aws://")
    shop.bed.edit(file, old, new)

    with pytest.raises(error, match=words):
        shop.bed.work("extract", "wrong")
    assert not shop.is_published("orders")


def test_a_database_that_does_not_answer_is_asked_three_times(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The pauses go through the step's waits; then the connection is named, and never its password.
    """
    monkeypatch.setenv("AIRFLOW_CONN_SHOP_DB", f"postgres://{USER}:{PASSWORD}@127.0.0.1:1/shop")
    pauses: list[float] = []

    with pytest.raises(EnvironmentFault, match="cannot be read") as caught:
        shop.bed.work("extract", "away", waits=Noted(pauses))
    assert [0.5, 1.0] == pauses
    assert "'shop_db'" in str(caught.value)
    assert PASSWORD not in str(caught.value)


@dataclass
class Noted:
    """Waits that note their length and are over at once."""

    pauses: list[float]

    def pause(self, seconds: float, watch: Watch) -> None:
        self.pauses.append(seconds)


def test_a_worker_that_is_told_to_end_publishes_nothing(shop: Shop) -> None:
    """
    It stops between two batches, also when all rows are written; the next try begins anew.
    """
    run = shop.bed.run("extract", "ended")
    for batches in (3, 10):
        told = iter([False] * batches)
        run.waits = Staying(run.clock, lambda told=told: next(told, True))
        with pytest.raises(Interrupted):
            SourceExtractOperator(step="shop.extract", task_id="extract").work(run)
        assert not shop.is_published("orders")

    assert ROWS == shop.bed.work("extract", "ended")["rows"]


def test_a_broken_read_begins_anew(shop: Shop) -> None:
    """
    The server ends the session in the middle; the next read's files are all that counts.
    """
    breaking = BreakingUploads(shop)

    found = shop.bed.work("extract", "broken", clients=breaking, waits=Noted([]))

    assert breaking.broken
    assert "/g1/" in found["uri"]
    assert ROWS == found["rows"] == shop.bed.table(found["uri"]).num_rows


class BreakingUploads(Clients):
    """Clients whose first upload is followed by the end of all the shop's sessions."""

    def __init__(self, shop: Shop) -> None:
        super().__init__(shop.bed.ours.environment)
        self.shop, self.broken = shop, False

    def client(self, service: str) -> Any:
        return Breaking(self.shop.bed.ours.client(service), self)

    def strike(self) -> None:
        """End the sessions, once."""
        if not self.broken:
            self.broken = True
            name = self.shop.bed.database
            self.shop.server.run(
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
            )


@dataclass
class Breaking:
    """An S3 client that strikes after an upload."""

    inner: Any
    clients: BreakingUploads

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def upload_file(self, **request: Any) -> None:
        self.inner.upload_file(**request)
        self.clients.strike()


def test_somebody_elses_table_is_left_alone(shop: Shop) -> None:
    """
    It is refused before a row is read.
    """
    glue = shop.bed.client("glue")
    glue.create_database(DatabaseInput={"Name": shop.bed.database})
    glue.create_table(DatabaseName=shop.bed.database, TableInput={"Name": "orders"})

    with pytest.raises(JobConflict, match="is not this step's"):
        shop.bed.work("extract", "foreign")
    assert [] == shop.bed.keys("shop/extracts/")


def test_sqlite_needs_no_server(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Its types are those of the rows, or the declared ones; a later row that does not fit is refused.
    """
    file = tmp_path / "shop.db"
    with closing(sqlite3.connect(file)) as base:
        base.execute("CREATE TABLE orders (id INTEGER, amount, changed_at TEXT)")
        rows = [(number, f"{number}.10", f"2026-01-01 00:{number:02d}:00") for number in range(60)]
        base.executemany("INSERT INTO orders VALUES (?, ?, ?)", rows)
        base.commit()
        monkeypatch.setenv("AIRFLOW_CONN_SHOP_DB", json.dumps({"conn_type": "sqlite", "host": str(file)}))
        shop.bed.edit(
            "changes.yaml", "min_rows: 0", "types: {amount: 'decimal(9,2)', changed_at: timestamp}\nfetch: 20"
        )
        found = shop.bed.work("changes", "one")
        base.execute("INSERT INTO orders VALUES ('sixty', 60.1, '2026-01-02 00:00:00')")
        base.commit()

        with pytest.raises(DataError, match="'amount' holds what is no decimal"):
            shop.bed.work("changes", "two")

    first = shop.bed.table(found["uri"]).to_pylist()[1]
    assert (60, [1, Decimal("1.10"), dt.datetime(2026, 1, 1, 0, 1)]) == (found["rows"], list(first.values()))


@pytest.mark.parametrize("shards", [1, 2, 3, 7])
def test_hosts_divide_all_rows_among_them(server: Postgres, secret: str, shards: int) -> None:
    """
    With NULL, negative, repeated and skewed keys: the union is the source, and no row is in two shares.
    """
    rows = []
    for shard in range(shards):
        query = shard_query("SELECT ctid, id FROM orders", "id", shard, shards, "postgres")
        rows += server.run(bound(query, {}, "pyformat").text, "spread").splitlines()

    assert sorted(server.run("SELECT ctid, id FROM orders", "spread").splitlines()) == sorted(rows)


def test_a_job_on_three_hosts_takes_each_row_once(shop: Shop, secret: str) -> None:
    """
    Also when its worker is killed: one job; the secret's text is in no request, log, document or result.
    """
    shop.bed.edit("spread.yaml", "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop", secret)
    sagemaker = shop.bed.client("sagemaker")
    with pytest.raises(Killed):
        shop.bed.work("spread", "job", clients=KillingClients(shop.bed.ours, 8))
    begun = sagemaker.list_processing_jobs(NameContains="spread")["ProcessingJobSummaries"]

    found = shop.bed.work("spread", "job")

    jobs = sagemaker.list_processing_jobs(NameContains="spread")["ProcessingJobSummaries"]
    assert 1 == len(jobs) >= len(begun)
    rows = sorted(map(str, shop.bed.table(found["uri"])["changed_at"].to_pylist()))
    assert (ROWS, ROWS) == (found["rows"], len(set(rows)))
    described = sagemaker.describe_processing_job(ProcessingJobName=jobs[0]["ProcessingJobName"])
    assert described["NetworkConfig"]["EnableNetworkIsolation"] is False
    texts = [str(described), *map(shop.bed.latin, shop.bed.keys(""))]
    assert [] == [text for text in texts if PASSWORD in text]


def test_a_secret_that_cannot_be_read_fails_the_job(shop: Shop) -> None:
    """
    The reason names the secret's ARN and the right it takes.
    """
    shop.bed.edit("spread.yaml", "instances: 3", "instances: 1")
    shop.bed.edit("spread.yaml", "shard_by: id\n", "")

    with pytest.raises(JobFailed, match="secret cannot be read") as caught:
        shop.bed.work("spread", "nosecret")
    assert "secretsmanager:GetSecretValue" in str(caught.value)
