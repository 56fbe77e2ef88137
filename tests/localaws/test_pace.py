"""The time AWS takes: nothing unless asked for, and never longer than the server runs."""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path

import pytest

from localaws.pace import SECONDS, Pace
from tests.documents import Document

PAGE = Path(__file__).parents[2] / "docs/localaws.md"


def pausing(pace: Pace, stage: str, cancelled: threading.Event | None = None) -> threading.Thread:
    """A thread that pauses."""
    thread = threading.Thread(target=pace.pause, args=(stage, cancelled), daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("stage", SECONDS)
def test_no_pause_unless_asked_for(stage):
    """
    At the default pace no stage waits: all of them are over before a minute is.
    """
    thread = pausing(Pace(), stage)
    thread.join(20)
    assert not thread.is_alive()


def test_stop_ends_every_pause():
    """
    A pause of minutes ends when the server stops, and none begins after.
    """
    pace = Pace(10)
    threads = [pausing(pace, "transform.Starting"), pausing(pace, "endpoint.Creating", threading.Event())]
    assert all(thread.is_alive() for thread in threads)
    pace.stop()
    for thread in [*threads, pausing(pace, "training.Starting")]:
        thread.join(20)
        assert not thread.is_alive()


def test_cancelled():
    """
    A pause ends when what it is for is cancelled, or was already.
    """
    cancelled = threading.Event()
    thread = pausing(Pace(10), "training.Starting", cancelled)
    cancelled.set()
    thread.join(20)
    assert not thread.is_alive()
    Pace(10).pause("training.Starting", cancelled)


def test_unknown_stage():
    """
    A stage without a time is a mistake in the code that asks.
    """
    with pytest.raises(KeyError, match=r"training\.Dreaming"):
        Pace().pause("training.Dreaming")


def test_the_page_has_the_table():
    """
    docs/localaws.md tells every stage and its seconds.
    """
    section = Document(PAGE).section("The time AWS takes")
    rows = re.findall(r"^\| ([\w.]+) \| ([\d.]+) \|$", section, re.MULTILINE)
    assert {stage: float(seconds) for stage, seconds in rows} == SECONDS


def test_a_crawler_is_under_way_for_a_while(start, connect, tmp_path):
    """
    With --realistic a crawler is RUNNING when it is looked at, and can be stopped in its pause.
    """
    glue = connect(start(tmp_path / "state", 0, "--realistic"), "glue")
    glue.create_database(DatabaseInput={"Name": "db"})
    glue.create_crawler(
        Name="slow",
        Role="arn:aws:iam::123456789012:role/crawler",
        DatabaseName="db",
        Targets={"S3Targets": [{"Path": "s3://nowhere/data/"}]},
    )
    glue.start_crawler(Name="slow")
    assert "RUNNING" == glue.get_crawler(Name="slow")["Crawler"]["State"]
    glue.stop_crawler(Name="slow")
    while (crawler := glue.get_crawler(Name="slow")["Crawler"])["State"] != "READY":
        time.sleep(0.05)
    assert "LastCrawl" in crawler
