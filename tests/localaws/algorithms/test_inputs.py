"""Hyperparameters, channels and tables, as the algorithms' programs read them."""

from __future__ import annotations

import gzip
import json
import re

import numpy as np
import pytest

from localaws.algorithms.errors import CustomerError
from localaws.algorithms.gradient_boosting import ALGORITHM as XGBOOST
from localaws.algorithms.hyperparameters import choice, flag, integer, number, parsed
from localaws.algorithms.job import Channel
from localaws.algorithms.predefined import predefined_metrics
from localaws.algorithms.requests import request_matrix
from localaws.algorithms.tables import CSV, LIBSVM, read_channel
from tests.localaws.algorithms.lab import csv

PARAMETERS = {
    "k": integer(1, required=True),
    "rate": number(above=0, below=1, default="auto", auto=True),
    "mode": choice("a", "b", default="a"),
    "dense": flag(default=True),
}


def test_values_are_read_by_type():
    """
    Quoted values, capital booleans and auto are read as AWS reads them; the platform's own names are passed over.
    """
    given = {
        "k": "3",
        "rate": '"auto"',
        "dense": "False",
        "sagemaker_region": "x",
        "_tuning_objective_metric": "y",
    }
    assert {"k": 3, "rate": "auto", "mode": "a", "dense": False} == parsed(PARAMETERS, given)
    assert 0.5 == parsed(PARAMETERS, {"k": "1", "rate": "5e-1"})["rate"]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({}, "'k' is a required property"),
        ({"k": "1.5"}, "Hyperparameter k: '1.5' is not an integer"),
        ({"k": "0"}, "Hyperparameter k: 0 is not in the range [1, inf]"),
        ({"k": "1", "rate": "1"}, "Hyperparameter rate: 1.0 is not in the range (0, 1)"),
        ({"k": "1", "rate": "nan"}, "nan is not in the range"),
        ({"k": "1", "mode": "c"}, "'c' is not one of 'a', 'b'"),
        ({"k": "1", "dense": "yes"}, "'yes' is not one of 'true', 'false'"),
        ({"k": "1", "q": "1"}, "Additional properties are not allowed ('q' was unexpected)"),
    ],
)
def test_illegal_values_are_refused(given, reason):
    """
    The error names the hyperparameter, the value and what would be right.
    """
    with pytest.raises(CustomerError, match=re.escape(reason)):
        parsed(PARAMETERS, given)


def channel(folder, files, content_type=""):
    """A channel of some files."""
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return Channel("train", folder, content_type)


def test_files_are_read_in_the_order_of_their_names(tmp_path):
    """
    Folders, gzip and several files are one table; hidden and empty files are none.
    """
    files = {"b/2.csv": b"3,4\n", "a.csv.gz": gzip.compress(b"1,2\n"), "_SUCCESS": b"x", "b/none.csv": b""}
    table = read_channel(channel(tmp_path, files), default=CSV, accepted=(CSV,))
    assert [[2], [4]] == table.features.tolist()
    assert [1, 3] == table.labels.tolist()
    unlabelled = Channel("train", tmp_path, "text/csv; label_size=0")
    assert [[1, 2], [3, 4]] == read_channel(unlabelled, default=CSV, accepted=(CSV,)).features.tolist()


def test_libsvm_has_weights_and_comments(tmp_path):
    """
    ``label:weight index:value``, queries and comments are understood; narrow files are as wide as the widest.
    """
    files = {"a": b"1:0.5 0:2 3:4 # note\n\n0 qid:7 1:1\n", "b": b"1 5:1\n"}
    table = read_channel(channel(tmp_path, {"a": files["a"]}), default=LIBSVM, accepted=(LIBSVM,))
    assert [[2, 0, 0, 4], [0, 1, 0, 0]] == table.dense.tolist()
    assert [0.5, 1] == table.weights.tolist()
    both = read_channel(channel(tmp_path, files), default=LIBSVM, accepted=(LIBSVM,))
    assert (3, 6) == both.features.shape


@pytest.mark.parametrize(
    ("files", "content_type", "reason"),
    [
        ({}, "", "holds no data"),
        ({"a": b"1,2\n"}, "image/png", "Content type 'image/png'"),
        ({"a": b"1,x\n"}, "", "a value is not a number"),
        ({"a": b"1,2\n", "b": b"1,2,3\n"}, "", "has 1 features, expected 2"),
        ({"a": b"1,2\n"}, "text/csv;label_size=2", "label_size 2"),
        ({"a": b"1 0:1\nz 0:1\n"}, "text/libsvm", "Unable to read data channel 'train'"),
    ],
)
def test_illegal_data_is_refused(tmp_path, files, content_type, reason):
    """
    The error names the channel, the content type, the file and what is wrong with it.
    """
    with pytest.raises(CustomerError, match=re.escape(reason)):
        read_channel(channel(tmp_path, files, content_type), default=CSV, accepted=(CSV, LIBSVM))


@pytest.mark.parametrize("body", [b"[1]", b"{", b'{"instances": []}', b'{"instances": [{"x": 1}]}'])
def test_illegal_json_is_refused(body):
    """
    A request that is not ``{"instances": [{"features": …}]}`` is the client's fault.
    """
    with pytest.raises(CustomerError, match="unable to evaluate payload provided"):
        request_matrix(body, "application/json")


def test_predefined_metrics_find_awss_lines():
    """
    The lines AWS's documentation shows are found by their names; other repositories have none.
    """
    lines = {
        ("sagemaker-xgboost", "validation:rmse"): "[13]#011train-rmse:1.5#011validation-rmse:2.5e-1",
        ("linear-learner", "validation:objective_loss"): (
            "#quality_metric: host=algo-1, epoch=2, validation mse_objective <loss>=0.25"
        ),
        ("factorization-machines", "test:rmse"): "#quality_metric: host=algo-1, test rmse <loss>=0.25",
        ("kmeans", "test:msd"): "#quality_metric: host=algo-1, test msd <loss>=0.25",
        ("knn", "test:accuracy"): "#quality_metric: host=algo-1, test accuracy <score>=0.25",
        ("randomcutforest", "test:f1"): "#quality_metric: host=algo-1, test f1 <score>=0.25",
        ("pca", "train:progress"): "#progress_metric: host=algo-1, completed 0.25 % of epochs",
    }
    found = {
        (image, name): re.search(dict(predefined_metrics(image))[name], line)[1]
        for (image, name), line in lines.items()
    }
    assert {key: "0.25" if "xgboost" not in key[0] else "2.5e-1" for key in lines} == found
    assert [] == predefined_metrics("sagemaker-scikit-learn")


def test_xgboosts_checks_know_what_goes_together():
    """
    Constraints need a tree method that has them; auc needs classes.
    """
    values = {"num_round": "1", "monotone_constraints": "(1,-1)"}
    with pytest.raises(CustomerError, match="monotone_constraints"):
        XGBOOST.check(parsed(XGBOOST.parameters, values))
    with pytest.raises(CustomerError, match="'auc' can only"):
        XGBOOST.check(parsed(XGBOOST.parameters, {"num_round": "1", "eval_metric": "auc"}))
    XGBOOST.check(parsed(XGBOOST.parameters, {**values, "tree_method": "hist"}))


def test_a_job_goes_on_from_its_checkpoints(lab):
    """
    A second job with the same CheckpointConfig boosts only the rounds the first one lacks.
    """
    generator = np.random.default_rng(0)
    rows = generator.normal(size=(50, 3))
    data, checkpoints = csv(rows.sum(1), rows), {"S3Uri": f"s3://{lab.bucket}/checkpoints/"}
    first = {
        **lab.request("xgboost", {"train": data}, "text/csv", num_round=3),
        "CheckpointConfig": checkpoints,
    }
    assert "Completed" == lab.run(first)["TrainingJobStatus"]
    second = {
        **lab.request("xgboost", {"train": data}, "text/csv", num_round=5),
        "CheckpointConfig": checkpoints,
    }
    whole = lab.train("xgboost", {"train": data}, num_round=5)
    assert ["[3]", "[4]"] == [line.partition("#")[0] for line in lab.log(lab.run(second)) if "#011" in line]
    assert 5 == len([line for line in lab.log(whole) if "#011" in line])


def test_hosts_do_not_share_shards(lab):
    """
    Two hosts with halves of the data would fit two models: it is refused, replicated data is not.
    """
    request = lab.request("xgboost", {"train": b"1,2\n3,4\n"}, "text/csv", num_round=1)
    request["ResourceConfig"]["InstanceCount"] = 2
    assert "Completed" == lab.run(request)["TrainingJobStatus"]
    request["TrainingJobName"] += "-2"
    source = request["InputDataConfig"][0]["DataSource"]["S3DataSource"]
    source["S3DataDistributionType"] = "ShardedByS3Key"
    lab.put(f"{source['S3Uri'].partition('/')[2].partition('/')[2].partition('/')[2]}more", b"5,6\n")
    assert "ShardedByS3Key over 2 hosts" in lab.run(request)["FailureReason"]


def test_json_is_sparse_or_dense():
    """
    Sparse JSON of a known shape is as wide as that; values without keys are dense.
    """
    sparse = {"instances": [{"data": {"features": {"keys": [2], "values": [5], "shape": [4]}}}]}
    assert [[0, 0, 5, 0]] == request_matrix(
        json.dumps(sparse).encode(), "application/json"
    ).toarray().tolist()
    dense = b'{"features": [1, 2]}\n{"data": {"features": {"values": [3, 4]}}}\n'
    assert [[1, 2], [3, 4]] == request_matrix(dense, "application/jsonlines").tolist()
