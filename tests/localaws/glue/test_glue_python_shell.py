"""Python shell jobs through boto3: the script really runs, and its end is the run's end."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from botocore.exceptions import ClientError


def code_of(call, **request) -> str:
    with pytest.raises(ClientError) as caught:
        call(**request)
    return caught.value.response["Error"]["Code"]


def archive(**files: str) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as made:
        for name, text in files.items():
            made.writestr(name.replace("__dot__", ".").replace("__slash__", "/"), text)
    return body.getvalue()


def test_a_script_gets_its_arguments_and_reaches_the_endpoint(glue):
    """
    Job's and run's arguments are merged for getResolvedOptions, boto3 inside talks to this endpoint, and both
    outputs are in their streams when the run has ended.
    """
    job = glue.job(
        """
        import sys
        import boto3
        from awsglue.utils import getResolvedOptions

        args = getResolvedOptions(sys.argv, ["target", "day-key", "mode"])
        print(args["target"], args["day_key"], args["mode"], args["TempDir"])
        print("to the error stream", file=sys.stderr)
        bucket, _, key = args["target"][5:].partition("/")
        boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=b"done")
        """,
        DefaultArguments={"--mode": "default", "--day-key": "monday", "--TempDir": "s3://x/tmp"},
        NonOverridableArguments={"--day-key": "tuesday"},
    )
    target = f"s3://{glue.bucket}/out/result"
    run = glue.run(job, {"--target": target, "--mode": "run", "--day-key": "never"})
    assert "SUCCEEDED" == run["JobRunState"], run
    assert [f"{target} tuesday run s3://x/tmp"] == glue.lines(run)
    assert ["to the error stream"] == glue.lines(run, "error")
    assert ["out/result"] == glue.keys("out/")
    assert re.fullmatch(r"jr_[0-9a-f]{64}", run["Id"])
    assert ("/aws-glue/python-jobs", 0, 0.0625) == (run["LogGroupName"], run["Attempt"], run["MaxCapacity"])
    assert {"--target": target, "--mode": "run", "--day-key": "never"} == run["Arguments"]
    assert run["StartedOn"] <= run["CompletedOn"]


def test_the_command_line_is_glue_s(glue):
    """
    The script sees its own name first, an argument without a value as a flag, and its location; no JOB_NAME.
    """
    job = glue.job(
        """
        import sys
        print(sys.argv[0].rpartition("/")[2], *sys.argv[1:])
        """
    )
    run = glue.run(job, {"--enable-metrics": "", "--a": "x y"})
    location = f"s3://{glue.bucket}/scripts/{job}.py"
    expected = f"{job}.py --enable-metrics --a x y --scriptLocation {location} --job-language python"
    assert [expected] == glue.lines(run)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("raise ValueError('no rows')", "ValueError: no rows"),
        ("import sys; sys.exit('bad input')", "SystemExit: bad input"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("import os; os._exit(4)", "Command failed with exit code 4"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "Command failed with exit code 137"),
        ("import nowhere_to_be_found", "ModuleNotFoundError: No module named 'nowhere_to_be_found'"),
        (
            "import sys; from awsglue.utils import getResolvedOptions as g; g(sys.argv, ['JOB_NAME'])",
            "GlueArgumentError: the following arguments are required: --JOB_NAME",
        ),
    ],
)
def test_a_failed_run_says_why(glue, script, message):
    """
    ErrorMessage is the script's last exception, or the exit code when there was none.
    """
    run = glue.run(glue.job(script))
    assert ("FAILED", message) == (run["JobRunState"], run["ErrorMessage"])


def test_a_traceback_shows_the_script_only(glue):
    """
    The error stream holds the traceback, without the frames of what ran the script.
    """
    run = glue.run(glue.job("def f():\n    raise KeyError('tenure')\nf()\n"))
    lines = glue.lines(run, "error")
    assert "Traceback (most recent call last):" == lines[0]
    assert "KeyError: 'tenure'" == lines[-1]
    assert not any("runscript" in line or "runpy" in line for line in lines)


def test_exit_zero_is_success(glue):
    """
    sys.exit(0) ends a run well.
    """
    assert "SUCCEEDED" == glue.run(glue.job("import sys; sys.exit(0)"))["JobRunState"]


def test_extra_python_files(glue):
    """
    Modules, zips, eggs and wheels from S3 are importable.
    """
    files = [
        glue.put("lib/alone.py", "value = 'py'"),
        glue.put("lib/zipped.zip", archive(zipped__slash____init____dot__py="value = 'zip'")),
        glue.put("lib/laid-1.0-py3.egg", archive(laid__dot__py="value = 'egg'")),
        glue.put(
            "lib/rolled-1.0-py3-none-any.whl", archive(rolled__slash____init____dot__py="value = 'whl'")
        ),
    ]
    job = glue.job(
        "import alone, zipped, laid, rolled; print(alone.value, zipped.value, laid.value, rolled.value)"
    )
    run = glue.run(job, {"--extra-py-files": ",".join(files)})
    assert ["py zip egg whl"] == glue.lines(run), run


def test_additional_modules_must_be_there(glue):
    """
    Without leave to install, a module that is missing fails the run and names the way out; one that is there is used.
    """
    job = glue.job("print('ran')")
    run = glue.run(job, {"--additional-python-modules": "numpy>=1.0,nowhere-to-be-found==1.0"})
    assert "FAILED" == run["JobRunState"]
    assert "nowhere-to-be-found==1.0 not installed" in run["ErrorMessage"]
    assert "LOCALAWS_GLUE_PIP=1" in run["ErrorMessage"]
    run = glue.run(job, {"--additional-python-modules": "numpy>=1.0", "library-set": "analytics"})
    assert ["ran"] == glue.lines(run)


def test_a_script_that_is_not_there(glue):
    """
    A missing script is found when the run begins, and fails it.
    """
    job = glue.job("")
    glue.s3.delete_object(Bucket=glue.bucket, Key=f"scripts/{job}.py")
    run = glue.run(job)
    assert "FAILED" == run["JobRunState"]
    assert run["ErrorMessage"].startswith("NoSuchKey: cannot read s3://")


def test_retries(glue):
    """
    A failing run is tried again, as often as the job says; each attempt knows the one before.
    """
    job = glue.job("raise RuntimeError('again')", MaxRetries=1)
    first = glue.run(job)
    second = glue.ended(job, f"{first['Id']}_attempt_1")
    assert (1, first["Id"], "FAILED") == (second["Attempt"], second["PreviousRunId"], second["JobRunState"])
    runs = glue.api.get_job_runs(JobName=job)["JobRuns"]
    assert [second["Id"], first["Id"]] == [run["Id"] for run in runs]
    again = glue.run(job, JobRunId=second["Id"])
    assert (2, second["Id"]) == (again["Attempt"], again["PreviousRunId"])


WAITS = """
    import pathlib, sys, time
    from awsglue.utils import getResolvedOptions
    go = pathlib.Path(getResolvedOptions(sys.argv, ["go"])["go"])
    print("waits", flush=True)
    while not go.exists():
        time.sleep(0.02)
"""


def test_one_run_at_a_time(glue, tmp_path):
    """
    Over MaxConcurrentRuns a run is refused; with queueing it waits, and starts when the first has ended.
    """
    job, go = glue.job(WAITS), {"--go": str(tmp_path / "go")}
    first = glue.api.start_job_run(JobName=job, Arguments=go)["JobRunId"]
    with pytest.raises(ClientError, match=f"Concurrent runs exceeded for {job}") as caught:
        glue.api.start_job_run(JobName=job, Arguments=go)
    assert "ConcurrentRunsExceededException" == caught.value.response["Error"]["Code"]
    second = glue.api.start_job_run(JobName=job, Arguments=go, JobRunQueuingEnabled=True)["JobRunId"]
    assert "WAITING" == glue.api.get_job_run(JobName=job, RunId=second)["JobRun"]["JobRunState"]
    (tmp_path / "go").touch()
    assert "SUCCEEDED" == glue.ended(job, first)["JobRunState"]
    assert "SUCCEEDED" == glue.ended(job, second)["JobRunState"]


def test_stopping_a_run(glue, tmp_path):
    """
    A stopped run is STOPPED, its log is kept, and it is not tried again; an ended one cannot be stopped.
    """
    job = glue.job(WAITS, MaxRetries=2)
    run = glue.api.start_job_run(JobName=job, Arguments={"--go": str(tmp_path / "never")})["JobRunId"]
    glue.reached(job, run, "RUNNING")
    answer = glue.api.batch_stop_job_run(JobName=job, JobRunIds=[run, "jr_nobody"])
    assert [run] == [entry["JobRunId"] for entry in answer["SuccessfulSubmissions"]]
    assert ["EntityNotFoundException"] == [entry["ErrorDetail"]["ErrorCode"] for entry in answer["Errors"]]
    ended = glue.ended(job, run)
    assert ("STOPPED", False) == (ended["JobRunState"], "ErrorMessage" in ended)
    assert 1 == len(glue.api.get_job_runs(JobName=job)["JobRuns"])
    errors = glue.api.batch_stop_job_run(JobName=job, JobRunIds=[run])["Errors"]
    assert ["JobRunInTerminalStateException"] == [entry["ErrorDetail"]["ErrorCode"] for entry in errors]


def test_what_is_not_there(glue):
    """
    Unknown jobs and runs are EntityNotFoundException; arguments that are not honoured are refused by name.
    """
    job = glue.job("")
    assert "EntityNotFoundException" == code_of(glue.api.start_job_run, JobName="nobody")
    assert "EntityNotFoundException" == code_of(glue.api.get_job_runs, JobName="nobody")
    assert "EntityNotFoundException" == code_of(glue.api.get_job_run, JobName=job, RunId="jr_0")
    assert "EntityNotFoundException" == code_of(glue.api.get_job_bookmark, JobName=job)
    with pytest.raises(ClientError, match="--extra-jars") as caught:
        glue.api.start_job_run(JobName=job, Arguments={"--extra-jars": "s3://a/b.jar"})
    assert "NotImplemented" == caught.value.response["Error"]["Code"]
