"""What nobody owns: each rule by an example, and what no rule may touch by a thousand random worlds."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace
from typing import Any

import pytest

from foldline.layout import path_slug
from foldline.names import Identity
from foldline.reaping import EXPIRES, Limits, Seen, Staging, Upload, World, verdicts
from foldline.remote.inventory import Owned

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
HOUR, DAY = 3600.0, 86_400.0
DAG, RUN = "churn", "manual__2026-11-20T10:00:00+00:00"
DIGEST = "abcdefghij234567abcd"


def thing(kind: str, name: str, *, env: str = "prod", **place: Any) -> Owned:
    """A thing with the tags of a task's request."""
    given = {"dag": DAG, "run": RUN, "task": "training", "map_index": -1, "epoch": 0, **place}
    expires = {EXPIRES: given.pop("expires")} if "expires" in given else {}
    tags = Identity(env=env, kind=kind, spec_hash="s", **given).tags()
    return Owned(kind, name, f"arn:{kind}/{name}", {**tags, **expires})


def job(name: str = "job", *, age: float | None = HOUR, status: str = "InProgress", **place: Any) -> Seen:
    """A training job."""
    return Seen(
        thing("training", name, **place), age, status, over=status in ("Completed", "Stopped", "Failed")
    )


def world(*seen: Seen, run: str = "failed", task: str = "over", **more: Any) -> World:
    """A world whose one run and its training task are in these states."""
    given: dict[str, Any] = {
        "env": "prod",
        "pipelines": frozenset({DAG}),
        "seen": seen,
        "runs": {(DAG, RUN): run},
        "tasks": {(DAG, RUN, "training", -1): task},
        "endpoints": frozenset({"churn"}),
        "used": frozenset(),
        **more,
    }
    return World(**given)


def names(found: World) -> list[str]:
    """Names of what is judged, in order."""
    return [verdict.name for verdict in verdicts(found, NOW)]


@pytest.mark.parametrize(
    ("run", "task", "stopped"),
    [
        ("gone", "unknown", True),
        ("failed", "unknown", True),
        ("failed", "living", False),
        ("success", "over", True),
        ("living", "over", True),
        ("living", "gone", True),
        ("living", "living", False),
        ("living", "unknown", False),
        ("unknown", "over", False),
        ("unknown", "unknown", False),
    ],
)
def test_a_job_is_stopped_when_its_run_or_task_is_known_to_be_over(
    run: str, task: str, stopped: bool
) -> None:
    """
    What lives keeps its jobs, and so does whatever is unknown.
    """
    assert ["job"] * stopped == names(world(job(), run=run, task=task))


@pytest.mark.parametrize(
    "spared",
    [job(age=899.0), job(age=None), job(status="Completed"), job(status="Stopping"), job(status="")],
    ids=["younger than the grace", "of unknown age", "over", "stopping", "of unknown status"],
)
def test_a_young_finished_or_unreadable_job_is_left_alone(spared: Seen) -> None:
    """
    Fifteen minutes pass before anything is judged.
    """
    assert [] == names(world(spared, run="gone"))


def test_a_job_of_an_earlier_epoch_is_stopped_when_a_later_one_has_begun() -> None:
    """
    Only of the same task and map index: a clear of one task says nothing about the others.
    """
    seen = [
        job("old", task="training/fold-001"),
        job("new", task="training/fold-001", epoch=2),
        job("mapped", map_index=3),
        job("elsewhere", task="evaluation"),
    ]

    assert ["old"] == names(world(*seen, run="living", task="living"))


def test_an_endpoint_goes_when_it_has_expired_and_no_deploy_step_names_it() -> None:
    """
    It must be at rest, with a moment that names its zone; when deploy steps are unknown, none goes.
    """
    past, future = (NOW - dt.timedelta(hours=1)).isoformat(), (NOW + dt.timedelta(hours=1)).isoformat()

    def endpoint(name: str, status: str = "InService", **place: Any) -> Seen:
        return Seen(thing("endpoint", name, **place), HOUR, status)

    found = world(
        endpoint("trial", expires=past),
        endpoint("later", expires=future),
        endpoint("churn", expires=past),
        endpoint("updating", "Updating", expires=past),
        endpoint("zoneless", expires="2026-01-01T00:00:00"),
        endpoint("forever"),
    )

    assert ["trial"] == names(found)
    assert [] == names(replace(found, endpoints=None))


def test_unused_configs_and_models_go_beyond_the_newest_five_of_their_family() -> None:
    """
    Used ones stay however old; families are told apart by what stands before the digest.
    """

    def model(number: int, family: str = "churn", kind: str = "model") -> Seen:
        return Seen(thing(kind, f"{family}-{DIGEST[:-1]}{'abcdefgh'[number]}"), number * DAY + HOUR)

    seen = [*(model(number) for number in range(8)), *(model(number, "other") for number in range(5))]
    used = frozenset({("model", model(6).owned.name)})

    assert [model(5).owned.name, model(7).owned.name] == names(world(*seen, used=used))
    assert [] == names(world(*seen, used=None))
    assert [] == names(world(*seen, used=used, run="living"))
    assert [] == names(world(*(replace(one, age=None) for one in seen), used=used))
    assert [] == names(
        world(*(replace(one, owned=thing("model", f"plain-{n}")) for n, one in enumerate(seen)))
    )


def staged(**more: Any) -> Staging:
    """What the run staged."""
    given: dict[str, Any] = {"pipeline": DAG, "folder": path_slug(RUN), "idle": 2 * DAY, "complete": False}
    return Staging(**{**given, **more})


def test_staged_data_of_a_failed_run_go_a_day_after_the_last_write() -> None:
    """
    Not with a run.json, not while a job runs, not of a run nobody knows, not below a foreign prefix.
    """
    ended = job(status="Completed")

    assert [f"{DAG}/{path_slug(RUN)}"] == names(world(ended, staging=(staged(),)))
    for kept in (staged(complete=True), staged(idle=DAY - 1), staged(pipeline="foreign"), staged(folder="x")):
        assert [] == names(world(ended, staging=(kept,)))
    for state in ("living", "success", "unknown"):
        assert [] == names(world(ended, staging=(staged(),), run=state))
    assert [] == names(world(job(age=1.0), staging=(staged(),)))
    assert [] == names(world(staging=(staged(),)))


def test_uploads_are_aborted_after_a_week_below_our_own_prefixes() -> None:
    """
    A prefix that only begins like a pipeline's is another's.
    """
    uploads = (
        Upload(DAG, "churn/runs/x/table/a", "1", 8 * DAY),
        Upload(DAG, "churn/runs/x/table/b", "2", 6 * DAY),
        Upload(DAG, "churning/c", "3", 8 * DAY),
        Upload("foreign", "foreign/d", "4", 8 * DAY),
    )

    assert ["churn/runs/x/table/a"] == names(world(uploads=uploads))


STATES = ("living", "success", "failed", "gone", "unknown")
KINDS = ("training", "processing", "transform", "tuning", "endpoint", "endpoint-config", "model")


def random_world(seed: int) -> tuple[World, set[str]]:
    """A world of ours and foreign things, and the names of all that nobody may touch."""
    dice = random.Random(seed)
    runs = [f"run-{number}" for number in range(4)]
    states: Any = {(DAG, run): dice.choice(STATES) for run in runs}
    tasks: Any = {
        (DAG, run, task, -1): dice.choice(("living", "over", "gone", "unknown"))
        for run in runs
        for task in ("training", "deploy")
    }
    seen, foreign = [], set[str]()
    for number in range(25):
        kind = dice.choice(KINDS)
        stem = f"{dice.choice(('churn', 'fraud'))}{'-x' if dice.random() < 0.1 else ''}"
        name = f"{stem}-{DIGEST[:-2]}{chr(97 + number % 26)}{chr(97 + number // 26)}"
        run, epoch = dice.choice(runs), dice.choice((0, 0, 1, 2))
        expires = (NOW + dt.timedelta(days=dice.uniform(-5, 5))).isoformat()
        owned = thing(
            kind, name, run=run, task=dice.choice(("training", "deploy")), epoch=epoch, expires=expires
        )
        match dice.choice(("ours", "ours", "env", "key", "untagged", "no run")):
            case "env":
                owned = replace(owned, tags={**owned.tags, "foldline:env": dice.choice(("dev", "prod2", ""))})
            case "key":
                owned = replace(
                    owned, tags={key: tag for key, tag in owned.tags.items() if key != "foldline:key"}
                )
            case "untagged":
                owned = replace(owned, tags=dice.choice(({}, {EXPIRES: expires}, {"owner": "somebody"})))
            case "no run":
                owned = replace(
                    owned, tags={key: tag for key, tag in owned.tags.items() if key != "foldline:run"}
                )
            case _:
                name = ""
        if name:
            foreign.add(name)
        status = dice.choice(("InProgress", "InService", "Completed", "Stopping", ""))
        age = dice.choice((None, dice.uniform(0, 30 * DAY)))
        seen.append(Seen(owned, age, status, over=status == "Completed"))
    staging = tuple(
        Staging(dice.choice((DAG, "foreign")), dice.choice((*runs, "someone")), dice.uniform(0, 9 * DAY), dice.random() < 0.3)
        for _ in range(6)
    )  # fmt: skip
    uploads = tuple(
        Upload(*dice.choice(((DAG, "churn/a"), (DAG, "other/b"), ("foreign", "foreign/c"))), str(n), dice.uniform(0, 20 * DAY))
        for n in range(4)
    )  # fmt: skip
    used = frozenset((one.owned.kind, one.owned.name) for one in seen if dice.random() < 0.3)
    found = World(
        "prod", frozenset({DAG}), tuple(seen), states, tasks, frozenset({"churn"}), used, staging, uploads
    )
    return found, foreign


def test_foreign_and_untagged_things_survive_a_thousand_random_worlds() -> None:
    """
    Nothing of another environment, without a key or run, in use, young or of unknown age is ever judged;
    and the worlds are not so tame that nothing is.
    """
    judged = 0
    for seed in range(1000):
        found, foreign = random_world(seed)
        verdict_list = verdicts(found, NOW)
        judged += len(verdict_list)
        by_name = {(one.owned.kind, one.owned.name): one for one in found.seen}
        for verdict in verdict_list:
            assert verdict.name not in foreign, seed
            if verdict.action in ("delete-staging", "abort-upload"):
                assert verdict.name.startswith("churn/"), seed
                assert "churn/someone" != verdict.name, seed
                continue
            one = by_name[verdict.kind, verdict.name]
            assert "prod" == one.owned.env and one.owned.tag("key") and one.owned.run, seed
            assert one.age is not None and one.age >= Limits().grace, seed
            if verdict.kind in ("model", "endpoint-config"):
                assert (verdict.kind, verdict.name) not in found.used, seed
                assert found.runs[DAG, one.owned.run] in ("success", "failed", "gone"), seed
            if verdict.action == "stop":
                living = found.tasks[DAG, one.owned.run, one.owned.task, -1] == "living"
                assert "unknown" != found.runs[DAG, one.owned.run] or "epoch" in verdict.why, seed
                assert not living or "epoch" in verdict.why, seed
    assert judged > 500
