"""F21, F56: a config that changes under way, and a config that points at somebody else's account."""

from __future__ import annotations

from dataclasses import replace

import pytest

from foldline.aws import Clients
from foldline.errors import ConfigError, EnvironmentFault
from operators.base import pin_config
from tests.faults.awsbed import BadDay, QuickClock

pytestmark = pytest.mark.xdist_group("fault-table")
STEP, CODE, ELSE = "infra/bad_day/fit.yaml", "code/fit.py", "infra/env/local.yaml"


@pytest.mark.parametrize("file", [STEP, CODE, ELSE])
def test_a_file_that_is_edited_under_way_stops_the_run_before_its_next_task(
    bad_day: BadDay, file: str
) -> None:
    """
    F21: a step file, the program of a job, the environment: the next task names the run and starts nothing.
    """
    run = f"edited {file}"
    bad_day.run("copy", run)
    path = bad_day.root / file
    edits = {STEP: ("5m", "6m"), CODE: ("rows.csv", "rows.txt"), ELSE: ("role/jobs", "role/others")}
    path.write_text(path.read_text().replace(*edits[file]))

    with pytest.raises(ConfigError, match="changed while run") as told:
        bad_day.fit(run)

    assert run in told.value.what
    assert [] == bad_day.jobs(run)


def test_a_task_that_a_person_cleared_goes_on_with_the_new_files(bad_day: BadDay) -> None:
    """
    F21: the cleared task notes what is there now, and all tasks after it agree with it.
    """
    run = bad_day.run("fit", "cleared")
    path = bad_day.root / STEP
    path.write_text(path.read_text().replace("5m", "7m"))
    cleared = replace(run, pipeline=bad_day.pipeline, place=replace(run.place, epoch=1))

    pin_config(cleared)

    bad_day.run("copy", "cleared")
    with pytest.raises(ConfigError, match="changed while run"):
        pin_config(run)


def test_a_changed_number_of_retries_is_never_taken_for_a_clear(bad_day: BadDay) -> None:
    """
    F21: fewer retries make a retry look cleared; it starts nothing, and its job is not stopped.
    """
    run = bad_day.run("fit", "fewer retries")
    before = bad_day.jobs("fewer retries")
    path = bad_day.root / "infra/bad_day/pipeline.yaml"
    path.write_text(path.read_text() + "retries: 7\n")
    retried = replace(run, pipeline=bad_day.pipeline, place=replace(run.place, epoch=2))

    with pytest.raises(ConfigError, match="`retries` changed"):
        pin_config(retried)
    assert before == bad_day.jobs("fewer retries")


def test_the_right_account_is_waited_for_and_a_wrong_one_is_not(bad_day: BadDay) -> None:
    """
    F56: who it is must be known before the first write: a throttled STS is asked again, a foreign one refused.
    """
    clock, struck = bad_day.until(120, effect="throttle", service="sts")
    bad_day.run("fit", "whose", clock=clock)
    assert struck[0] > 10

    file = bad_day.root / ELSE
    file.write_text(file.read_text().replace("123456789012", "999999999999"))
    foreign = Clients(bad_day.pipeline.environment, clock=QuickClock())
    with pytest.raises(EnvironmentFault, match="belong to account 123456789012"):
        foreign.check_account()
