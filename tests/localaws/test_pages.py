"""The pages for a person: what they show, that they let nothing run, and how they look in a real browser."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable

import pytest

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
ROLE = "arn:aws:iam::123456789012:role/pages"
HOSTILE = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
UI = "/_localaws/ui/"

pytestmark = pytest.mark.xdist_group("pages")


@pytest.fixture(scope="module")
def lived_in(endpoint, client) -> dict:
    """An endpoint with jobs, objects, tables, a query and a hostile word in each of them."""
    s3, sagemaker = client("s3"), client("sagemaker")
    s3.create_bucket(Bucket="pages")
    s3.put_object(Bucket="pages", Key="folder/hostile.html", Body=HOSTILE.encode())
    s3.put_object(Bucket="pages", Key="folder/rows.csv.gz", Body=gzip.compress(b"id,name\n1,zipped\n"))
    s3.put_object(Bucket="pages", Key="folder/<b>&.txt", Body=b"odd key")
    s3.put_object(Bucket="pages", Key="folder/deep/table/a.parquet", Body=_parquet())
    s3.put_object(Bucket="pages", Key="folder/bytes.bin", Body=b"\0\1\2")
    for name, program in (
        ("pages-good", f"print('score=0.25;'); print({HOSTILE!r})"),
        ("pages-bad", "open('/opt/ml/output/failure','w').write('<b>because</b>'); raise SystemExit(3)"),
    ):
        sagemaker.create_training_job(**_training(name, program))
        sagemaker.get_waiter("training_job_completed_or_stopped").wait(
            TrainingJobName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        ) if name == "pages-good" else _ended(sagemaker, name)
    glue = client("glue")
    glue.create_database(DatabaseInput={"Name": "pages"})
    glue.create_table(
        DatabaseName="pages",
        TableInput={
            "Name": "rows",
            "StorageDescriptor": {
                "Columns": [{"Name": "id", "Type": "bigint", "Comment": HOSTILE[:200]}],
                "Location": "s3://pages/folder/deep/table/",
                "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
                "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
                "SerdeInfo": {
                    "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
                },
            },
        },
    )
    athena = client("athena")
    query = athena.start_query_execution(
        QueryString=f"SELECT id, '{HOSTILE.replace(chr(39), chr(39) * 2)}' AS word FROM pages.rows",
        ResultConfiguration={"OutputLocation": "s3://pages/results/"},
    )["QueryExecutionId"]
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        state = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]["State"]
        if state not in ("QUEUED", "RUNNING"):
            break
    assert "SUCCEEDED" == state
    return {"query": query, "url": endpoint.url}


@pytest.fixture
def get(lived_in) -> Callable[..., tuple[int, dict, str]]:
    """Asks for a page: status, headers and text."""

    def ask(path: str, **headers: str) -> tuple[int, dict, str]:
        request = urllib.request.Request(lived_in["url"] + path, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, dict(answer.headers), answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read().decode()

    return ask


PAGES = (
    "",
    "jobs/training",
    "jobs/processing",
    "jobs/transform",
    "jobs/tuning",
    "jobs/glue",
    "jobs/training/pages-good",
    "jobs/training/pages-bad",
    "endpoints",
    "queries",
    "tables",
    "tables/pages/rows",
    "objects",
    "objects/pages/",
    "objects/pages/folder/",
    "objects/pages/folder/hostile.html",
    "objects/pages/folder/deep/table/a.parquet",
    "objects/pages/folder/bytes.bin",
    "objects/pages/folder/%3Cb%3E%26.txt",
    "logs",
    "logs?group=/aws/sagemaker/TrainingJobs",
    "features",
    "faults",
)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_answers_and_lets_nothing_run(get, path):
    """A page is HTML under a policy that allows no script, and data never becomes markup."""
    status, headers, text = get(UI + path)

    assert 200 == status
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "script-src" not in headers["Content-Security-Policy"]
    assert "nosniff" == headers["X-Content-Type-Options"]
    assert "<script" not in text and "<img" not in text and "<b>" not in text


@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_a_json_form(get, path):
    """The same address with format=json gives the page's document."""
    status, headers, text = get(UI + path + ("&" if "?" in path else "?") + "format=json")

    assert (200, "application/json") == (status, headers["Content-Type"])
    assert {"title", "live"} <= json.loads(text).keys()


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("", ("pages-good", "pages-bad", "Latest queries")),
        ("jobs/training?status=Failed&name=pages", ("pages-bad",)),
        ("jobs/training/pages-good", ("score", "0.25", "Downloading", "score=0.25;", "s3://pages/models/")),
        ("jobs/training/pages-bad", ("AlgorithmError: &lt;b&gt;because&lt;/b&gt;, exit code: 3",)),
        ("tables/pages/rows", ("bigint", "The first 3 of 3 rows")),
        ("objects/pages/folder/", ("rows.csv.gz", "deep/", "&lt;b&gt;&amp;.txt")),
        ("objects/pages/folder/rows.csv.gz", ("id,name\n1,zipped",)),
        ("objects/pages/folder/bytes.bin", ("Not text",)),
        ("faults", ("No fault is injected",)),
    ],
)
def test_pages_show_what_is_there(get, path, words):
    """Names, states, reasons, metrics, logs and contents stand on the page that is about them."""
    _, _, text = get(UI + path)

    assert [] == [word for word in words if word not in text]
    assert "pages-good" not in text or "Failed&name" not in path


def test_a_query_s_page_shows_its_result(get, lived_in):
    """The statement, its figures and the first rows."""
    _, _, text = get(f"{UI}queries/{lived_in['query']}?format=json")
    found = json.loads(text)

    assert "SUCCEEDED" == found["row"]["status"]
    assert ["id", "word"] == [column["name"] for column in found["columns"]]
    assert [["1", HOSTILE], ["2", HOSTILE], ["3", HOSTILE]] == found["rows"]


@pytest.mark.parametrize(
    "path",
    [
        "nope",
        "jobs/nope",
        "jobs/training/nope",
        "objects/no-such-bucket/",
        "objects/pages/no/such/key",
        "objects/pages/../../../etc/passwd",
        "tables/pages/nope",
        "queries/nope",
        "logs?group=nope",
        "jobs/training?next=nonsense",
    ],
)
def test_what_is_not_there_is_said(get, path):
    """An unknown address, name or token is a page with status 404, not a failure."""
    status, headers, text = get(UI + path)

    assert 404 == status
    assert "Not there" in text
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_a_browser_at_the_root_sees_the_pages_and_a_client_sees_s3(get, client):
    """``/`` shows the overview to who asks for HTML, and stays S3's for everybody else."""
    assert "Latest jobs" in get("/", Accept="text/html,*/*")[2]
    assert "ListAllMyBucketsResult" in get("/", Accept="*/*")[2]
    assert "pages" in [bucket["Name"] for bucket in client("s3").list_buckets()["Buckets"]]


def test_an_object_is_downloaded_never_shown_as_a_page(get):
    """A download is an attachment of no type a browser would run."""
    _, headers, text = get(UI + "objects/pages/folder/hostile.html?download=1")

    assert HOSTILE == text
    assert "application/octet-stream" == headers["Content-Type"]
    assert headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''hostile.html")


def test_pages_are_read_only(lived_in):
    """A POST to a page is refused."""
    request = urllib.request.Request(lived_in["url"] + UI, data=b"x", method="POST")
    with pytest.raises(urllib.error.HTTPError, match="405"):
        urllib.request.urlopen(request, timeout=10)


def test_long_lists_come_in_pages(get, client):
    """Twenty-five jobs stand on a page, the next page goes on after them, and no job is on both."""
    for number in range(27):
        client("sagemaker").create_training_job(**_training(f"pages-many-{number:02d}", "pass"))
    first = json.loads(get(UI + "jobs/training?name=pages-many&format=json")[2])
    second = json.loads(get(f"{UI}jobs/training?name=pages-many&format=json&next={first['next']}")[2])

    names = [row["name"] for row in first["jobs"] + second["jobs"]]
    assert (25, 27, 27) == (len(first["jobs"]), len(names), len(set(names)))
    assert second["next"] is None


@pytest.mark.skipif(BROWSER is None, reason="no chromium on PATH (Debian: apt-get install chromium)")
@pytest.mark.parametrize(("path", "width"), [("", 1200), ("", 390), ("jobs/training/pages-good", 390)])
def test_a_browser_shows_the_page_whole(lived_in, tmp_path, path, width):
    """In chromium nothing is blocked, no script of the data runs, and a phone's width suffices."""
    page = tmp_path / "page.png"
    done = _browser(f"--screenshot={page}", f"--window-size={width},900", lived_in["url"] + UI + path)
    dumped = _browser("--dump-dom", lived_in["url"] + UI + path).stdout

    assert page.stat().st_size > 8_000
    assert [] == [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert "<title>owned" not in dumped
    assert "localaws</title>" in dumped


def test_a_running_job_s_log_grows_on_its_page(get, client, tmp_path):
    """While a job runs its page asks again by itself and already has the lines written so far."""
    gate = tmp_path / "gate"
    program = (
        f"import pathlib, time; gate = pathlib.Path({str(gate)!r}); print('first line', flush=True); "
        "[time.sleep(0.02) for _ in iter(gate.exists, True)]; print('second line')"
    )
    client("sagemaker").create_training_job(**_training("pages-live", program))
    deadline, shown = time.monotonic() + 30, {"log": []}
    while not shown["log"] and time.monotonic() < deadline:
        shown = json.loads(get(UI + "jobs/training/pages-live?format=json")[2])
    page = get(UI + "jobs/training/pages-live")[2]
    gate.touch()

    assert ["first line"] == [line["text"] for line in shown["log"]]
    assert '<meta http-equiv="refresh" content="2">' in page
    assert "Completed" == _ended(client("sagemaker"), "pages-live")
    shown = json.loads(get(UI + "jobs/training/pages-live?format=json")[2])
    assert ["first line", "second line"] == [line["text"] for line in shown["log"]]
    assert "http-equiv" not in get(UI + "jobs/training/pages-live")[2]


def _browser(*words: str) -> subprocess.CompletedProcess[str]:
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-sync",
    ]
    more = ["--disable-background-networking", "--disable-component-update", "--enable-logging=stderr"]
    command = [BROWSER, *flags, *more, "--virtual-time-budget=1000", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)


def _training(name: str, program: str) -> dict:
    return {
        "TrainingJobName": name,
        "RoleArn": ROLE,
        "AlgorithmSpecification": {
            "TrainingImage": IMAGE,
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["python3", "-c", program],
            "MetricDefinitions": [{"Name": "score", "Regex": "score=([0-9.]+);"}],
        },
        "OutputDataConfig": {"S3OutputPath": "s3://pages/models/"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    }


def _ended(sagemaker, name: str) -> str:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        status = sagemaker.describe_training_job(TrainingJobName=name)["TrainingJobStatus"]
        if status != "InProgress":
            return status
        time.sleep(0.02)
    raise AssertionError(f"{name} did not end")


def _parquet() -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    body = io.BytesIO()
    pq.write_table(pa.table({"id": [1, 2, 3]}), body)
    return body.getvalue()
