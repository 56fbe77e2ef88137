"""The job folder, and how a failure is told."""

from __future__ import annotations

import json

import pytest

from foldline.errors import DataError
from preprocessing.container import FAILURE_LIMIT, JobDir, run


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("FOLDLINE_JOB_DIR", str(tmp_path))
    return tmp_path


def test_the_job_folder_is_opt_ml_unless_told(monkeypatch):
    """
    On SageMaker nothing needs to be set.
    """
    monkeypatch.delenv("FOLDLINE_JOB_DIR", raising=False)

    assert "/opt/ml" == str(JobDir.current().root)


def test_a_step_that_ends_well_exits_with_0_and_leaves_no_message(root):
    """
    Outputs are made on demand below the job's folder.
    """
    assert 0 == run(lambda job: (job.output("report") / "x").write_text("done"), "message")
    assert "done" == (root / "processing" / "output" / "report" / "x").read_text()
    assert not (root / "output").exists()


def test_an_error_of_ours_is_left_as_it_reads(root, capsys):
    """
    What, where and mend are in the message file and on standard error, without a traceback.
    """

    def step(job: JobDir) -> None:
        raise DataError("the table has no rows", where="table/", mend="look at ingest.yaml")

    assert 1 == run(step, "message")
    text = "the table has no rows\n  where   table/\n  mend    look at ingest.yaml"
    assert text == (root / "output" / "message").read_text()
    assert text + "\n" == capsys.readouterr().err


def test_another_exception_leaves_its_last_line(root, capsys):
    """
    The traceback goes to the log, its last line to SageMaker.
    """

    def step(job: JobDir) -> None:
        raise KeyError("tenure")

    assert 1 == run(step, "failure")
    assert "KeyError: 'tenure'" == (root / "output" / "failure").read_text()
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_a_long_message_is_cut(root):
    """
    SageMaker keeps 1,024 characters.
    """

    def step(job: JobDir) -> None:
        raise ValueError("x" * 5_000)

    run(step, "failure")

    text = (root / "output" / "failure").read_text()
    assert FAILURE_LIMIT == len(text)
    assert text.endswith(" …")


def test_hyperparameters_are_decoded_without_the_toolkits_own(root):
    """
    Entries that SageMaker's script mode adds are not the estimator's.
    """
    folder = root / "input" / "config"
    folder.mkdir(parents=True)
    texts = {"max_depth": "6", "name": '"a"', "sagemaker_program": '"x.py"', "sagemaker_region": "us-east-1"}
    (folder / "hyperparameters.json").write_text(json.dumps(texts))

    assert {"max_depth": 6, "name": "a"} == JobDir.current().hyperparameters()


@pytest.mark.parametrize(("kind", "name"), [("input", "table"), ("channel", "train")])
def test_what_the_request_did_not_name_is_an_error(root, kind, name):
    """
    A missing input or channel is the request's fault, and the message says so.
    """
    with pytest.raises(DataError, match=f"'{name}' is not there"):
        getattr(JobDir.current(), kind)(name)
