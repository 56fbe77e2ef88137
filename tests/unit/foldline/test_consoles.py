"""Addresses of pages for a person."""

from __future__ import annotations

import pytest

from foldline.consoles import CONSOLE_PATHS, AwsConsole, EndpointPages, beginning, pages
from foldline.layout import S3Uri
from foldline.remote.watched import WATCHED

IRELAND = AwsConsole("eu-west-1")
LAPTOP = EndpointPages("http://127.0.0.1:4566/")


@pytest.mark.parametrize("kind", WATCHED)
@pytest.mark.parametrize("place", [IRELAND, LAPTOP], ids=["aws", "laptop"])
def test_every_kind_of_remote_work_has_a_page(kind: str, place: AwsConsole | EndpointPages) -> None:
    """
    A new kind that is waited for needs an entry here; one, several and none of it have an address.
    """
    assert kind in CONSOLE_PATHS
    for names in (["job/run-1"], ["job/run-1", "job/run-2"], []):
        assert place.work(kind, names).startswith(
            ("https://eu-west-1.", "http://127.0.0.1:4566/_localaws/ui/")
        )


@pytest.mark.parametrize(
    ("region", "start"),
    [
        ("eu-west-1", "https://eu-west-1.console.aws.amazon.com/"),
        ("cn-north-1", "https://cn-north-1.console.amazonaws.cn/"),
        ("us-gov-west-1", "https://us-gov-west-1.console.amazonaws-us-gov.com/"),
    ],
)
def test_each_partition_has_its_own_console(region: str, start: str) -> None:
    """
    A job in China is not to be found at amazon.com.
    """
    assert AwsConsole(region).work("training", ["fit"]).startswith(start)


def test_the_console_shows_one_job_or_the_list() -> None:
    """
    Several names cannot stand in one address.
    """
    assert IRELAND.work("training", ["fit-1"]).endswith("sagemaker/home?region=eu-west-1#/jobs/fit-1")
    assert IRELAND.work("training", ["fit-1", "fit-2"]).endswith("sagemaker/home?region=eu-west-1#/jobs")
    assert IRELAND.work("glue-job", ["load/jr_1"]).endswith("#/job/load/run/jr_1")


def test_cloudwatch_is_asked_for_the_streams_of_one_job() -> None:
    """
    Its page escapes twice and writes `$` for `%`; the stream filter ends in the job's own slash.
    """
    expected = (
        "cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/$252Faws$252Fsagemaker$252FTrainingJobs"
        "$3FlogStreamNameFilter$3Dfit-1$252F"
    )
    assert IRELAND.log("training", ["fit-1"]).endswith(expected)


def test_a_kind_without_a_log_has_no_address() -> None:
    """
    Athena logs nothing; an empty address is a button that is off.
    """
    assert "" == IRELAND.log("query", ["q"]) == LAPTOP.log("query", ["q"])


@pytest.mark.parametrize("place", [IRELAND, LAPTOP], ids=["aws", "laptop"])
def test_the_log_of_a_glue_job_run_is_on_its_own_page(place: AwsConsole | EndpointPages) -> None:
    """
    It lies in two groups, which two depends on the runtime; Glue's page of the run shows them.
    """
    for names in (["load/jr_1"], ["load/jr_1", "load/jr_2"]):
        assert place.work("glue-job", names) == place.log("glue-job", names)


def test_folders_and_objects_have_different_pages_in_the_console() -> None:
    """
    A key that ends in `/` is a folder.
    """
    assert "/s3/buckets/data?" in IRELAND.objects(S3Uri("data", "runs/a b/"))
    assert IRELAND.objects(S3Uri("data", "runs/a b/r.html")).endswith(
        "/s3/object/data?region=eu-west-1&prefix=runs/a%20b/r.html"
    )


def test_the_laptop_lists_the_jobs_that_begin_alike() -> None:
    """
    All fits of a search by what their names share; names that share too little give the whole list.
    """
    assert LAPTOP.work("training", ["tuning-fit-a", "tuning-fit-b"]).endswith(
        "jobs/training?name=tuning-fit-"
    )
    assert LAPTOP.work("training", ["abc", "xyz"]).endswith("jobs/training")


def test_an_endpoint_in_place_of_aws_shows_its_own_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The environment says where its pages are; nothing else asks whether this is a laptop.
    """
    from foldline.aws import Door

    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)

    assert AwsConsole("eu-west-1") == pages(Door("dev", "1" * 12, "eu-west-1"))
    assert EndpointPages("http://x:1") == pages(Door("local", "1" * 12, "eu-west-1", "http://x:1"))


@pytest.mark.parametrize(
    ("names", "shared"), [([], ""), (["ab"], "ab"), (["abc", "abd"], "ab"), (["ab", "abc"], "ab")]
)
def test_beginning(names: list[str], shared: str) -> None:
    """
    What all names share from their first character on.
    """
    assert shared == beginning(names)
