"""Batch transform sends every record to a real model server and keeps their order and number."""

from __future__ import annotations

import gzip
import json

import pytest
from botocore.exceptions import ClientError

SUM = """
import json
def model_fn(folder):
    return None
def input_fn(data, content_type):
    return [list(map(float, line.split(","))) for line in data.decode().splitlines()]
def predict_fn(rows, model):
    return [sum(row) for row in rows]
def output_fn(sums, accept):
    return "\\n".join(map(str, sums)), "text/csv"
"""
ECHO = """
import os
def model_fn(folder):
    return None
def transform_fn(model, data, content_type, accept):
    print("payload", len(data), os.environ["SAGEMAKER_BATCH_STRATEGY"])
    return data.decode() + "\\n", accept
"""
JSON_SUM = """
import json
def model_fn(folder):
    return None
def transform_fn(model, data, content_type, accept):
    lines = [json.loads(line) for line in data.decode().splitlines()]
    return "\\n".join(json.dumps({"score": sum(line["x"] if isinstance(line, dict) else line)}) for line in lines), accept
"""


def test_every_object_becomes_an_out_object(account):
    """
    Outputs lie under the output path with the input's relative key and ``.out``; an empty object gives an empty one.
    """
    model = account.model(SUM)
    account.put("in/a.csv", "1,2\n3,4\n")
    account.put("in/part/b.csv", "5,5")
    account.put("in/part/none.csv", "")
    job = account.transform(model, account.uri("in/"))
    assert "Completed" == job["TransformJobStatus"], job.get("FailureReason")
    assert {
        "scores/a.csv.out": b"3.0\n7.0\n",
        "scores/part/b.csv.out": b"10.0\n",
        "scores/part/none.csv.out": b"",
    } == {key: account.get(key) for key in account.keys("scores/")}
    assert job["CreationTime"] <= job["TransformStartTime"] <= job["TransformEndTime"]


def test_a_manifest_names_the_inputs(account):
    """
    Only the listed objects are transformed; gzip ones are unpacked on the way.
    """
    model = account.model(SUM)
    account.put("in/a.csv.gz", gzip.compress(b"1,2\n"))
    account.put("in/b.csv.gz", gzip.compress(b"2,2\n"))
    manifest = account.put("list", json.dumps([{"prefix": account.uri("in/")}, "b.csv.gz"]))
    source = {"S3DataSource": {"S3DataType": "ManifestFile", "S3Uri": manifest}}
    job = account.transform(
        model, "s3://x/y", TransformInput={"DataSource": source, "CompressionType": "Gzip"}
    )
    assert "Completed" == job["TransformJobStatus"], job.get("FailureReason")
    assert {"scores/b.csv.gz.out": b"4.0\n"} == {key: account.get(key) for key in account.keys("scores/")}


def test_payloads_hold_as_many_records_as_fit(account):
    """
    MultiRecord fills a payload up to MaxPayloadInMB, SingleRecord sends one line each; the lines come out the same.
    """
    model = account.model(ECHO)
    line = "x" * 300_000
    account.put("in/a.csv", "\n".join([line] * 7))
    job = account.transform(model, account.uri("in/"), MaxPayloadInMB=1)
    assert "Completed" == job["TransformJobStatus"], job.get("FailureReason")
    assert [line.encode()] * 7 == account.get("scores/a.csv.out").splitlines()
    [lines] = account.log("TransformJobs", job["TransformJobName"]).values()
    assert [900_002, 900_002, 300_000] == [int(text.split()[1]) for text in lines]

    job = account.transform(model, account.uri("in/"), BatchStrategy="SingleRecord")
    [lines] = account.log("TransformJobs", job["TransformJobName"]).values()
    assert ["payload 300000 SINGLE_RECORD"] * 7 == lines


def test_a_whole_object_is_one_record_without_split(account):
    """
    SplitType None sends the object as it is and stores the answer as it is.
    """
    model = account.model(ECHO)
    account.put("in/a.csv", "1,2\n3,4\n")
    job = account.transform(
        model,
        account.uri("in/a.csv"),
        TransformInput={"SplitType": "None"},
        TransformOutput={"AssembleWith": "None"},
    )
    assert "Completed" == job["TransformJobStatus"], job.get("FailureReason")
    assert b"1,2\n3,4\n\n" == account.get("scores/a.csv.out")


class TestDataProcessing:
    """Filters and the join."""

    def test_csv_columns_are_filtered_and_joined(self, account):
        """
        The id is kept from the model, its answer becomes the last column, and the output keeps id and answer.
        """
        model = account.model(SUM)
        account.put("in/a.csv", '7,1,2\n"a,b",3,4\n')
        processing = {"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"}
        job = account.transform(model, account.uri("in/"), DataProcessing=processing)
        assert "Completed" == job["TransformJobStatus"], job.get("FailureReason")
        assert b'7,3.0\n"a,b",7.0\n' == account.get("scores/a.csv.out")

    def test_json_lines_are_joined_as_a_member(self, account):
        """
        A record that is an object gains SageMakerOutput; one that is not is put beside it as SageMakerInput.
        """
        model = account.model(JSON_SUM)
        account.put("in/a.jsonl", '{"id": 1, "x": [1, 2]}\n[3, 4]\n')
        job = account.transform(
            model,
            account.uri("in/"),
            TransformInput={"ContentType": "application/jsonlines"},
            TransformOutput={"Accept": "application/jsonlines"},
            DataProcessing={"JoinSource": "Input"},
        )
        assert "Completed" == job["TransformJobStatus"], job.get("FailureReason")
        assert [
            {"id": 1, "x": [1, 2], "SageMakerOutput": {"score": 3}},
            {"SageMakerInput": [3, 4], "SageMakerOutput": {"score": 7}},
        ] == [json.loads(line) for line in account.get("scores/a.jsonl.out").splitlines()]

    def test_json_filters(self, account):
        """
        ``$.x`` cuts the record for the model, ``$['id','SageMakerOutput']`` what is stored.
        """
        model = account.model(JSON_SUM)
        account.put("in/a.jsonl", '{"id": 1, "more": 2, "x": [1, 2]}\n')
        job = account.transform(
            model,
            account.uri("in/"),
            TransformInput={"ContentType": "application/json"},
            TransformOutput={"Accept": "application/json"},
            DataProcessing={
                "InputFilter": "$.x",
                "JoinSource": "Input",
                "OutputFilter": "$['id','SageMakerOutput']",
            },
        )
        assert "Completed" == job["TransformJobStatus"], job.get("FailureReason")
        assert {"id": 1, "SageMakerOutput": {"score": 3}} == json.loads(account.get("scores/a.jsonl.out"))

    def test_a_join_with_another_number_of_answers_fails(self, account):
        """
        A model that loses rows cannot be joined.
        """
        model = account.model(SUM.replace("for row in rows]", "for row in rows[1:]]"))
        account.put("in/a.csv", "1,2\n3,4\n")
        job = account.transform(model, account.uri("in/"), DataProcessing={"JoinSource": "Input"})
        assert "Failed" == job["TransformJobStatus"]
        assert "the model answered 1 for 2 records" in job["FailureReason"]

    def test_a_filter_that_finds_nothing_fails(self, account):
        """
        A record without the named column is named with the filter.
        """
        model = account.model(SUM)
        account.put("in/a.csv", "1,2\n")
        job = account.transform(model, account.uri("in/"), DataProcessing={"InputFilter": "$[5]"})
        assert "the record has nothing at $[5]" in job["FailureReason"]


class TestFailures:
    """How transforms fail."""

    def test_a_record_the_model_refuses_fails_the_job(self, account):
        """
        The reason names status, records, object and what the model said; what was finished before is kept.
        """
        model = account.model(SUM)
        account.put("in/a.csv", "1,2\n")
        account.put("in/b.csv", "1,2\nthree,4\n")
        job = account.transform(model, account.uri("in/"))
        assert "Failed" == job["TransformJobStatus"]
        assert job["FailureReason"].startswith("AlgorithmError: Bad HTTP status received from algorithm: 500")
        assert f"records 1 to 2 of {account.uri('in/b.csv')}" in job["FailureReason"]
        assert "could not convert string to float: 'three'" in job["FailureReason"]
        assert ["scores/a.csv.out"] == account.keys("scores/")
        streams = account.log("TransformJobs", job["TransformJobName"])
        assert [job["FailureReason"]] == next(
            lines for name, lines in streams.items() if name.endswith("/data-log")
        )

    def test_a_file_that_fails_does_not_keep_the_others(self, account):
        """
        Of three files the bad one has no output and the job fails by it; the files before and after it are done.
        """
        model = account.model(SUM)
        for name, line in (("a", "1\n"), ("b", "three\n"), ("c", "2\n")):
            account.put(f"in/{name}.csv", line)
        job = account.transform(model, account.uri("in/"))
        assert "Failed" == job["TransformJobStatus"]
        assert f"of {account.uri('in/b.csv')}" in job["FailureReason"]
        assert ["scores/a.csv.out", "scores/c.csv.out"] == account.keys("scores/")

    def test_a_model_that_does_not_load_fails_the_job(self, account):
        """
        The last lines of the model server say why.
        """
        model = account.model("def model_fn(d): raise OSError('no model.json')")
        account.put("in/a.csv", "1")
        job = account.transform(model, account.uri("in/"))
        assert "did not pass the ping health check" in job["FailureReason"]
        assert "OSError: no model.json" in job["FailureReason"]

    def test_a_model_that_dies_fails_the_job(self, account):
        """
        A server that ends instead of answering is an AlgorithmError.
        """
        model = account.model(
            "import os\ndef model_fn(d): return 1\ndef transform_fn(m, d, c, a): os._exit(9)"
        )
        account.put("in/a.csv", "1")
        job = account.transform(model, account.uri("in/"))
        assert job["FailureReason"].startswith("AlgorithmError: The model gave no answer for records 1 to 1")

    def test_missing_input_and_too_large_records(self, account):
        """
        Nothing under the prefix, and a record over MaxPayloadInMB, are ClientErrors.
        """
        model = account.model(ECHO)
        job = account.transform(model, account.uri("nothing/"))
        assert job["FailureReason"].startswith("ClientError: Data download failed")
        account.put("in/a.csv", "x" * (2 << 20))
        job = account.transform(model, account.uri("in/"), MaxPayloadInMB=1)
        assert "record 1 has 2097152 bytes, more than MaxPayloadInMB (1)" in job["FailureReason"]

    def test_stop(self, account):
        """
        A job that waits for its model ends Stopped, and stores nothing.
        """
        model = account.model(
            "import time\ndef model_fn(d): return 1\n"
            "def transform_fn(m, d, c, a): return (d, a) if d.strip() == b'1' else time.sleep(60)"
        )
        account.put("in/a.csv", "1")
        account.put("in/b.csv", "2")
        request = account.transform_request(model, account.uri("in/"))
        account.sagemaker.create_transform_job(**request)
        account.sagemaker.stop_transform_job(TransformJobName=request["TransformJobName"])
        assert "Stopped" == account.transformed(request["TransformJobName"])["TransformJobStatus"]
        assert [] == account.keys("scores/")
        with pytest.raises(ClientError, match="rejected because the transform job is in status Stopped"):
            account.sagemaker.stop_transform_job(TransformJobName=request["TransformJobName"])


def test_as_many_payloads_as_asked_are_under_way_at_once(account):
    """
    With MaxConcurrentTransforms 3 three records meet in the model; the answers keep the records' order.
    """
    model = account.model(
        """
        import threading
        together = threading.Barrier(3)
        def model_fn(folder):
            return 1
        def transform_fn(model, data, kind, accept):
            together.wait(20)
            return data, accept
        """
    )
    account.put("in/a.csv", "1\n2\n3\n")
    job = account.transform(
        model, account.uri("in/"), MaxConcurrentTransforms=3, BatchStrategy="SingleRecord"
    )
    assert "Completed" == job["TransformJobStatus"]
    assert b"1\n2\n3\n" == account.get("scores/a.csv.out")


@pytest.mark.parametrize(
    ("members", "code", "said"),
    [
        (
            {"MaxPayloadInMB": 60, "MaxConcurrentTransforms": 2},
            "ValidationException",
            "must not exceed 100 MB",
        ),
        ({"TransformInput": {"SplitType": "TFRecord"}}, "NotImplemented", "'TFRecord'"),
        ({"DataProcessing": {"InputFilter": "$..x"}}, "NotImplemented", "$..x"),
        ({"DataProcessing": {"InputFilter": "x"}}, "ValidationException", "does not begin with $"),
        (
            {"DataProcessing": {"JoinSource": "Input"}, "TransformOutput": {"Accept": "application/json"}},
            "ValidationException",
            "the same format on both sides",
        ),
        (
            {"DataProcessing": {"JoinSource": "Input"}, "TransformOutput": {"AssembleWith": "None"}},
            "ValidationException",
            "AssembleWith to match SplitType",
        ),
        (
            {"DataProcessing": {"InputFilter": "$[0]"}, "TransformInput": {"SplitType": "None"}},
            "ValidationException",
            "needs SplitType Line",
        ),
        (
            {"DataProcessing": {"InputFilter": "$[0]"}, "TransformInput": {"ContentType": "image/png"}},
            "ValidationException",
            "'image/png'",
        ),
        ({"ModelName": "nobody"}, "ValidationException", "Could not find model"),
    ],
)
def test_requests_that_are_refused(account, members, code, said):
    """
    What AWS would refuse is a ValidationException, what is not there NotImplemented by name.
    """
    model = account.model(ECHO)
    with pytest.raises(ClientError) as refused:
        account.transform(model, account.uri("in/"), **members)
    assert code == refused.value.response["Error"]["Code"]
    assert said in refused.value.response["Error"]["Message"]
