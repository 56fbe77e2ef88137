"""Jobs outlive the server: after kill -9 the next one finds them again; a stop ends them; none runs twice."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

BEGIN = """
import os, subprocess, sys, time
from pathlib import Path
room = Path({room!r})
with open(room / "starts", "a") as starts:
    starts.write(f"{{os.environ.get('TRAINING_JOB_NAME') or os.environ['PROCESSING_JOB_NAME']}}\\n")
child = subprocess.Popen(["sleep", "120"])
(room / "pids").write_text(f"{{os.getpid()}} {{child.pid}}")
print("loss=3", flush=True)
print("ready", flush=True)
while not (room / "go").exists():
    time.sleep(0.01)
child.kill()
print("loss=1")
"""
METRICS = [{"Name": "loss", "Regex": "loss=([0-9.]+)"}]


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(fact: Callable[[], bool], what: str) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + 20
    while not fact():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def wait_until_dead(pids: list[int]) -> None:
    """Wait until none of some processes runs."""
    wait_until(lambda: not any(alive(pid) for pid in pids), f"some of {pids} still run")


def kill(endpoint) -> None:
    """Kill a server as kill -9 does."""
    os.kill(endpoint.process.pid, signal.SIGKILL)
    endpoint.process.wait(20)


def keeper(endpoint) -> int:
    """The process that keeps an endpoint's jobs."""
    return json.loads((endpoint.state / "keeper" / "address.json").read_text())["pid"]


class Room:
    """A folder a job's program and its test meet in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def script(self, then: str = "") -> str:
        """A program that says it is ready, waits to be let go, and goes on with its own lines."""
        return BEGIN.format(room=str(self.folder)) + then

    def begun(self) -> list[int]:
        """The program's processes, once it runs."""
        wait_until((self.folder / "pids").exists, "the program never began")
        wait_until(lambda: len((self.folder / "pids").read_text().split()) == 2, "the program never began")
        return [int(word) for word in (self.folder / "pids").read_text().split()]

    def let_go(self) -> None:
        """Let the program end."""
        (self.folder / "go").touch()

    @property
    def starts(self) -> list[str]:
        """The name of the job for each time a program was started."""
        path = self.folder / "starts"
        return path.read_text().split() if path.exists() else []


@pytest.fixture
def room(tmp_path) -> Room:
    """A room."""
    return Room(tmp_path / "room")


@pytest.fixture(autouse=True)
def cold(monkeypatch):
    """Without the warm runtime: each of these tests starts servers of its own, which would all warm up."""
    monkeypatch.setenv("LOCALAWS_WARM", "off")


def training(account, script: str, **members) -> str:
    """Create a training job that reads a metric off its log; its name."""
    request = account.training_request(script, **members)
    request["AlgorithmSpecification"]["MetricDefinitions"] = METRICS
    account.sagemaker.create_training_job(**request)
    return request["TrainingJobName"]


def secondary(account, name: str) -> str:
    """A training job's secondary status."""
    return account.sagemaker.describe_training_job(TrainingJobName=name)["SecondaryStatus"]


def test_a_program_that_ends_while_no_server_runs_is_finished_by_the_next(own_account, room, monkeypatch):
    """
    Its model, its metrics and each of its lines are there once; jobs that waited run in their order, also once.
    """
    monkeypatch.setenv("LOCALAWS_SLOTS", "1")
    endpoint, account = own_account()
    name = training(account, room.script("open('/opt/ml/model/m', 'w').write('fitted')\nprint('bye')"))
    pids = room.begun()
    again = f"open({str(room.folder / 'starts')!r}, 'a').write('second\\n')"
    second = training(account, again)
    third = account.processing_request(again.replace("second", "third"))
    account.sagemaker.create_processing_job(**third)
    account.wait_for_line("TrainingJobs", name, "ready")
    kill(endpoint)
    assert all(alive(pid) for pid in pids)
    room.let_go()
    wait_until_dead(pids)
    _, account = own_account()
    job = account.trained(name)
    assert ("Completed", [1.0]) == (
        job["TrainingJobStatus"],
        [metric["Value"] for metric in job["FinalMetricDataList"]],
    )
    assert {"m": "fitted"} == account.members(f"out/{name}/output/model.tar.gz")
    assert [["loss=3", "ready", "loss=1", "bye"]] == list(account.log("TrainingJobs", name).values())
    assert "Completed" == account.trained(second)["TrainingJobStatus"]
    assert "Completed" == account.processed(third["ProcessingJobName"])["ProcessingJobStatus"]
    assert [name, "second", "third"] == room.starts


def test_programs_that_still_run_are_joined_again(own_account, room):
    """
    After two kills in a row a processing job's lines still come, each once, and its output is stored.
    """
    endpoint, account = own_account()
    request = account.processing_request(
        room.script("open('/opt/ml/processing/out/o', 'w').write('made')"),
        ProcessingOutputConfig={"Outputs": [account.output("out", account.uri("made"))]},
    )
    name = request["ProcessingJobName"]
    account.sagemaker.create_processing_job(**request)
    pids = room.begun()
    for _ in range(2):
        kill(endpoint)
        endpoint, account = own_account()
        account.wait_for_line("ProcessingJobs", name, "ready")
    room.let_go()
    assert "Completed" == account.processed(name)["ProcessingJobStatus"]
    assert [["loss=3", "ready", "loss=1"]] == list(account.log("ProcessingJobs", name).values())
    assert (b"made", [name]) == (account.get("made/o"), room.starts)
    wait_until_dead(pids)


def test_a_joined_job_can_be_stopped(own_account, room):
    """
    StopTrainingJob reaches a program that another server started; also when that server was killed as it was asked.
    """
    endpoint, account = own_account()
    name = training(account, room.script())
    pids = room.begun()
    kill(endpoint)
    endpoint, account = own_account()
    account.sagemaker.stop_training_job(TrainingJobName=name)
    kill(endpoint)
    _, account = own_account()
    assert "Stopped" == account.trained(name)["TrainingJobStatus"]
    wait_until_dead(pids)
    assert [name] == room.starts


def test_the_keeper_ends_a_job_at_its_time_without_a_server(own_account, room):
    """
    MaxRuntimeInSeconds passes while no server runs: the program is gone then, and the next server says why.
    """
    endpoint, account = own_account()
    name = training(account, room.script(), StoppingCondition={"MaxRuntimeInSeconds": 1})
    pids = room.begun()
    kill(endpoint)
    wait_until_dead(pids)
    _, account = own_account()
    job = account.trained(name)
    assert ("Stopped", "MaxRuntimeExceeded") == (job["TrainingJobStatus"], job["SecondaryStatus"])
    assert [name] == room.starts


def test_a_job_killed_while_it_is_staged_is_staged_again(own_account, room):
    """
    A job that was fetching its data has its data, and runs once.
    """
    room.let_go()
    endpoint, account = own_account("--realistic")
    data = account.channel("data", account.put("data/a", "7").rpartition("/")[0] + "/")
    name = training(
        account, room.script("print(open('/opt/ml/input/data/data/a').read())"), InputDataConfig=[data]
    )
    assert [] == room.starts
    kill(endpoint)
    _, account = own_account()
    assert "Completed" == account.trained(name)["TrainingJobStatus"]
    assert [["loss=3", "ready", "loss=1", "7"]] == list(account.log("TrainingJobs", name).values())
    assert [name] == room.starts


def test_a_job_killed_while_it_uploads_is_uploaded_again(own_account, room):
    """
    The model is whole, and the program is not run again.
    """
    room.let_go()
    endpoint, account = own_account()
    name = training(account, room.script("open('/opt/ml/model/m', 'wb').write(os.urandom(40_000_000))"))
    wait_until(lambda: secondary(account, name) == "Uploading", "the upload never began")
    kill(endpoint)
    _, account = own_account()
    assert "Completed" == account.trained(name)["TrainingJobStatus"]
    head = account.clients("s3").head_object(Bucket="bucket", Key=f"out/{name}/output/model.tar.gz")
    assert 40_000_000 < head["ContentLength"]
    assert [name] == room.starts


def test_a_transform_under_way_is_run_again(own_account, room):
    """
    After kill -9 the same job record completes, with its output whole.
    """
    endpoint, account = own_account()
    wait = f"""
    import time
    from pathlib import Path
    def model_fn(folder):
        return 1
    def transform_fn(model, data, kind, accept):
        Path({str(room.folder / "pids")!r}).write_text("1 1")
        while not Path({str(room.folder / "go")!r}).exists():
            time.sleep(0.01)
        return data, accept
    """
    model = account.model(wait)
    request = account.transform_request(model, account.put("lines/a.csv", "1\n2\n"))
    account.sagemaker.create_transform_job(**request)
    room.begun()
    account.sagemaker.delete_model(ModelName=model)
    kill(endpoint)
    room.let_go()
    _, account = own_account()
    assert "Completed" == account.transformed(request["TransformJobName"])["TransformJobStatus"]
    assert b"1\n2\n" == account.get("scores/a.csv.out")


def test_a_stop_leaves_nothing_running(own_account, room, monkeypatch):
    """
    After SIGTERM programs and keeper are gone; the job has failed with the restart, one that waited runs.
    """
    monkeypatch.setenv("LOCALAWS_SLOTS", "1")
    endpoint, account = own_account()
    name = training(account, room.script())
    pids = [*room.begun(), keeper(endpoint)]
    waiting = training(account, "pass")
    assert 0 == endpoint.stop()
    wait_until_dead(pids)
    _, account = own_account()
    job = account.trained(name)
    assert (
        "InternalServerError: the local endpoint was restarted while the job was under way"
        == (job["FailureReason"])
    )
    assert "Completed" == account.trained(waiting)["TrainingJobStatus"]
    assert [name] == room.starts


def test_a_killed_keeper_takes_its_jobs_along(own_account, room, tmp_path):
    """
    Its programs are ended and their job fails, unless its RetryStrategy has it run again; later jobs have a new keeper.
    """
    endpoint, account = own_account()
    retried = Room(tmp_path / "retried")
    name = training(account, room.script())
    again = training(account, retried.script(), RetryStrategy={"MaximumRetryAttempts": 1})
    pids = [*room.begun(), *retried.begun()]
    account.wait_for_line("TrainingJobs", again, "ready")
    os.kill(keeper(endpoint), signal.SIGKILL)
    assert account.trained(name)["FailureReason"].startswith("InternalServerError: ")
    wait_until_dead(pids)
    retried.let_go()
    job = account.trained(again)
    statuses = [step["Status"] for step in job["SecondaryStatusTransitions"]]
    assert "Completed" == job["TrainingJobStatus"]
    assert ["Training", "Restarting", "Downloading", "Training"] == statuses[-6:-2]
    assert ([name], [again, again]) == (room.starts, retried.starts)


def test_server_and_keeper_killed_together(own_account, room):
    """
    The next server ends the programs that were left, and their job has failed; a job that waited runs.
    """
    endpoint, account = own_account()
    name = training(account, room.script())
    pids = room.begun()
    kill(endpoint)
    os.kill(keeper(endpoint), signal.SIGKILL)
    _, account = own_account()
    assert account.trained(name)["FailureReason"].startswith("InternalServerError: ")
    wait_until_dead(pids)
    assert "Completed" == account.train()["TrainingJobStatus"]
    assert [name] == room.starts


def test_the_keeper_ends_when_nobody_needs_it(own_account):
    """
    With no job and no server left it is gone, with its socket.
    """
    endpoint, account = own_account()
    assert "Completed" == account.train()["TrainingJobStatus"]
    pid = keeper(endpoint)
    socket = Path(json.loads((endpoint.state / "keeper" / "address.json").read_text())["socket"])
    assert (0o700, True) == (socket.parent.stat().st_mode & 0o777, socket.exists())
    kill(endpoint)
    wait_until_dead([pid])
    assert not socket.parent.exists()


def test_model_servers_end_with_a_killed_server(own_account):
    """
    After kill -9 the next server ends the old model server and starts a new one for the endpoint.
    """
    endpoint, account = own_account()
    say = "import os\ndef model_fn(d): return 1\ndef transform_fn(m, d, c, a): return str(os.getpid()), a"
    name = account.endpoint(account.config(main=account.model(say)))["EndpointName"]
    old = int(account.invoke(name)["Body"])
    kill(endpoint)
    _, account = own_account()
    wait_until_dead([old])
    account.settled(name)
    assert old != int(account.invoke(name)["Body"])
