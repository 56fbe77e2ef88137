"""Images are known by their repository, whatever their registry, tag and digest."""

from __future__ import annotations

import pytest

from localaws.containers.images import added_images, image, repository
from localaws.jobs.failure import JobFailure


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1", "sagemaker-xgboost"),
        ("1.dkr.ecr.cn-north-1.amazonaws.com.cn/team/own@sha256:0123", "team/own"),
        ("localhost:5000/own:3", "own"),
        ("own", "own"),
        ("team/own:latest", "team/own"),
    ],
)
def test_the_repository_of_an_image(uri, name):
    """
    Registry, tag and digest are no part of it.
    """
    assert name == repository(uri)


@pytest.mark.parametrize(
    "name",
    ["sagemaker-xgboost", "sagemaker-scikit-learn", "pytorch-training", "huggingface-pytorch-inference"],
)
def test_framework_images_are_known(name):
    """
    AWS's framework images run with this interpreter.
    """
    assert image(f"763104351884.dkr.ecr.us-east-1.amazonaws.com/{name}:1").python


def test_a_package_can_add_images(tmp_path, monkeypatch):
    """
    An installed package's entry points of the group ``localaws.images`` are asked before the built-in images.
    """
    (tmp_path / "team_images.py").write_text(
        "from localaws.containers.images import Image\n"
        "own = [Image('team/.*', python='/opt/team/bin/python3'), Image('sagemaker-xgboost', train=('train',))]\n"
    )
    info = tmp_path / "team_images-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: team-images\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[localaws.images]\nteam = team_images:own\n")
    monkeypatch.syspath_prepend(tmp_path)
    added_images.cache_clear()
    try:
        assert "/opt/team/bin/python3" == image("team/own:1").python
        assert ("train",) == image("sagemaker-xgboost").train
    finally:
        added_images.cache_clear()


def test_an_unknown_image_names_the_way_to_add_it():
    """
    The failure says which repository is missing from which registry.
    """
    with pytest.raises(JobFailure, match=r"'team/other' .* entry-point group 'localaws\.images'"):
        image("1.dkr.ecr.us-east-1.amazonaws.com/team/other:1")
