"""F22, F52, F53, F55: what is written, cut off, lost or read by a wrong clock between tries."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from foldline.layout import PipelineLayout, S3Uri
from foldline.remote.calls import Backoff, SystemClock
from foldline.remote.hosting.locks import Lock
from foldline.remote.memory import Memory
from foldline.remote.storage.sourcetree import SourceTree, ensure_uploaded
from foldline.waiting import Staying, Suspended
from operators.training_job import TrainingJobOperator
from tests.faults.awsbed import ACCOUNT, BUCKET, BadDay

pytestmark = pytest.mark.xdist_group("fault-table")


class Cut(BaseException):
    """The worker is gone in the middle of an upload."""


class Worker:
    """An S3 client whose worker dies right after its n-th object."""

    def __init__(self, client: Any, dies_after: int) -> None:
        self.client = client
        self.left = dies_after

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def put_object(self, **request: Any) -> Any:
        if self.left == 0:
            raise Cut
        self.left -= 1
        return self.client.put_object(**request)


def test_an_upload_that_was_cut_off_is_not_believed(bad_day: BadDay, tmp_path: Path) -> None:
    """
    F52: killed after each object in turn, the next try uploads all of them; the marker comes last.
    """
    names = ("a.py", "b.py", "c.py")
    for name in names:
        (tmp_path / name).write_text(f"# {name}\n")
    tree = SourceTree(tuple((name, tmp_path / name) for name in names), "cut-off")
    layout = PipelineLayout(BUCKET, "cut")
    for objects in range(len(names) + 1):
        with pytest.raises(Cut):
            ensure_uploaded(Worker(bad_day.client("s3"), objects), layout, ACCOUNT, tree)
        assert layout.code_marker(tree.digest).key not in bad_day.keys("")

    prefix = ensure_uploaded(bad_day.client("s3"), layout, ACCOUNT, tree)

    assert [prefix.key + name for name in names] == bad_day.keys(prefix.key)
    assert layout.code_marker(tree.digest).key in bad_day.keys("")


def test_a_note_whose_answer_is_lost_is_the_note_that_counts(bad_day: BadDay) -> None:
    """
    F52: the conditional put was done and is refused when it is sent again: the first note is read back.
    """
    memory = Memory(bad_day.ours.client("s3"), S3Uri(BUCKET, "lost/notes/"), ACCOUNT)

    with bad_day.faults.rule(effect="commit_then_drop", operation="PutObject", count=1) as hits:
        noted = memory.once("served", lambda: {"config": "old"})
        assert 1 == hits()

    assert {"config": "old"} == noted == memory.once("served", lambda: {"config": "new"})


def test_a_lock_whose_answer_is_lost_is_held_by_who_asked(bad_day: BadDay) -> None:
    """
    F52: taking and giving back are carried out and their answers lost; nobody waits for himself.
    """
    clock = SystemClock(10.0)

    def lock(holder: str) -> Lock:
        place, record = S3Uri(BUCKET, "lost/lock.json"), S3Uri(BUCKET, f"lost/{holder}.json")
        s3, waits = bad_day.ours.client("s3"), Staying(clock)
        return Lock(s3, ACCOUNT, place, holder, 60.0, record, clock, waits, Backoff(0.02, 0.1))

    lost = {"effect": "commit_then_drop", "count": 1}
    with (
        bad_day.faults.rule(operation="PutObject", **lost) as puts,
        bad_day.faults.rule(operation="DeleteObject", **lost) as deletes,
    ):
        lock("one").acquire()
        lock("one").release()
        assert (1, 1) == (puts(), deletes())

    lock("two").acquire()
    lock("two").renew()


def test_two_pieces_of_work_never_write_to_one_place(bad_day: BadDay) -> None:
    """
    F53: other rows of the same task of the same run go elsewhere, and what the first left is as it was.
    """
    first, second = bad_day.copy("places", "1\n"), bad_day.copy("places", "2\n3\n")

    places = [result["outputs"]["rows"] for result in (first, second)]
    assert 2 == len(set(places))
    assert [1, 1] == [len(bad_day.keys(place)) for place in places]
    bodies = [
        bad_day.client("s3").get_object(Bucket=BUCKET, Key=bad_day.keys(place)[0])["Body"].read()
        for place in places
    ]
    assert [b"1\n", b"2\n3\n"] == bodies


def test_each_generation_writes_its_model_to_a_place_of_its_own(bad_day: BadDay) -> None:
    """
    F53: what a failed job may have left is never taken for the next one's model.
    """
    with bad_day.faults.rule(effect="internal", job="training", resource="fit-g0-*", count=1) as hits:
        result = bad_day.fit("generations")
        assert 1 == hits()

    assert "-g1-" in result["job"]
    assert f"/{result['job']}/" in result["model"]


def test_lost_notes_cost_no_job(bad_day: BadDay) -> None:
    """
    F22: everything that a deferred task has written down is deleted; the next attempt finds its job by name.
    """
    (bad_day.root / "code" / "fit.py").write_text(
        "import pathlib, time\n"
        "time.sleep(0.5)\n"
        "pathlib.Path('/opt/ml/model/model.txt').write_text('fitted')\n"
    )
    operator = TrainingJobOperator(step="bad_day.fit", channels={"train": bad_day.put("1\n")})
    first = bad_day.run("fit", "forgets", defer=True)
    with pytest.raises(Suspended) as suspended:
        operator.work(first)
    first.before_hand_over()
    lost = bad_day.keys(str(first.layout.memory()))
    for key in lost:
        bad_day.client("s3").delete_object(Bucket=BUCKET, Key=key)

    result = bad_day.fit("forgets")

    assert lost
    assert (result["job"],) == suspended.value.watch.names
    assert 1 == len(bad_day.jobs("forgets"))


def test_a_clock_that_is_wrong_is_told_by_name_and_at_once(bad_day: BadDay) -> None:
    """
    F55: AWS refuses a signature of another time; waiting does not help, so it is not tried again.
    """
    skewed = {"code": "RequestTimeTooSkewed", "status": 403, "message": "The difference is too large."}
    with bad_day.faults.rule(effect="error", operation="PutObject", **skewed) as hits:
        with pytest.raises(ClientError, match="RequestTimeTooSkewed"):
            bad_day.ours.client("s3").put_object(Bucket=BUCKET, Key="skewed", Body=b"")
        assert 1 == hits()


def test_twins_agree_on_one_note_while_answers_are_lost(bad_day: BadDay) -> None:
    """
    F08: four attempts of one task note at the same moment, each put in two is lost: one note counts.
    """
    memory = Memory(bad_day.ours.client("s3"), S3Uri(BUCKET, "twins/notes/"), ACCOUNT)
    notes: list[Any] = []

    def note(number: int) -> None:
        notes.append(memory.once("first", lambda: {"number": number}))

    with bad_day.faults.rule(effect="commit_then_drop", operation="PutObject", every=2, count=3):
        twins = [threading.Thread(target=note, args=(number,)) for number in range(4)]
        for twin in twins:
            twin.start()
        for twin in twins:
            twin.join()

    assert 4 == len(notes)
    assert 1 == len({note["number"] for note in notes})
