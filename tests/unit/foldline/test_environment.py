"""Environments: where a pipeline runs."""

from __future__ import annotations

import pytest

from foldline.environment import environment
from foldline.errors import ConfigError

ENV = "env/local.yaml"
ROLE = "role: arn:aws:iam::123456789012:role/jobs"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"123456789012"', "123456789012", "1 account: 123456789012, must be text; quote it if it looks like something else"),
        ('"123456789012"', '"1234"', "1 account: '1234' is no AWS account: twelve digits, in quotes, such as \"123456789012\""),
        ("region: us-east-1", "region: us_east", "2 region: 'us_east' is no AWS region: such as eu-west-1"),
        ("test-bucket", "Test_Bucket", "3 bucket: 'Test_Bucket' is no bucket name: 3 to 63 lower-case letters, digits, dots and hyphens"),
        ("test-bucket", "192.168.5.4", "3 bucket: '192.168.5.4' is no bucket name: 3 to 63 lower-case letters, digits, dots and hyphens"),
        ("http://127.0.0.1:4566", "http://10.0.0.7:4566", "4 endpoint_url: 'http://10.0.0.7:4566' is another machine, which would see all data and credentials; allow_remote_endpoint: true permits it"),
        ("http://127.0.0.1:4566", "http://127.0.0.1.evil.com", "4 endpoint_url: 'http://127.0.0.1.evil.com' is another machine, which would see all data and credentials; allow_remote_endpoint: true permits it"),
        ("http://127.0.0.1:4566", "127.0.0.1:4566", "4 endpoint_url: '127.0.0.1:4566' must be of the form http://127.0.0.1:4566"),
        ("http://127.0.0.1:4566", "http://127.0.0.1:x", "4 endpoint_url: 'http://127.0.0.1:x' is no URL: Port could not be cast to integer value as 'x'"),
        ("role/jobs", "user/jobs", "5 role: 'arn:aws:iam::123456789012:user/jobs' is no role: an ARN such as arn:aws:iam::123456789012:role/foldline-jobs"),
        ("::123456789012", "::210987654321", "5 role: belongs to account 210987654321, the environment is 123456789012"),
        (ROLE, f"{ROLE}\nroles: {{tunning: 'arn:aws:iam::123456789012:role/t'}}", "6 roles.tunning: is no kind of step; did you mean 'tuning'?"),
        (ROLE, f"{ROLE}\nsubnets: [subnet-0123456789abcdef0]", "6 subnets: needs security_groups too: a job's network has both"),
        ("first: 50ms", "first: 1m", "8 polling.first: must not be longer than longest"),
        ("first: 50ms", "first: 50", "8 polling.first: 50 is no duration; write a number with a unit: 50s, 50m, 50h"),
        (ROLE, f"{ROLE}\nname: local", "6 name: unknown key: the file's name is the name"),
        (ROLE, f"{ROLE}\nkms: x", "6 kms: unknown key; did you mean 'kms_key'?"),
    ],
)  # fmt: skip
def test_a_wrong_environment_is_told_with_line_and_rule(broken, old, new, told):
    """
    One line of the message says what is there, and what must be.
    """
    assert f"{ENV}:{told}" in broken(ENV, old, new)


@pytest.mark.parametrize("url", ["http://localhost:4566", "http://[::1]:4566", "https://127.0.0.7"])
def test_any_loopback_address_is_local(project, url):
    """
    The name localhost, IPv6 and the whole of 127.0.0.0/8 are this machine.
    """
    project.edit(ENV, "http://127.0.0.1:4566", url)
    assert url == environment("local", project.root).endpoint_url


def test_a_remote_endpoint_must_be_permitted(project):
    """
    With the permission in the file, an endpoint elsewhere is taken.
    """
    project.edit(ENV, "http://127.0.0.1:4566", "http://10.0.0.7:4566\nallow_remote_endpoint: true")
    assert "http://10.0.0.7:4566" == environment("local", project.root).endpoint_url


def test_the_environment_variable_chooses(project, monkeypatch):
    """
    FOLDLINE_ENV names the environment; without it, it is local.
    """
    project.write("env/dev.yaml", (project.root / "infra" / ENV).read_text())
    assert "local" == environment(root=project.root).name
    monkeypatch.setenv("FOLDLINE_ENV", "dev")
    assert "dev" == environment(root=project.root).name


def test_an_unknown_environment(project):
    """
    The message lists the environments there are.
    """
    with pytest.raises(
        ConfigError, match=r"there is no environment 'lokal'; known: local; did you mean 'local'\?"
    ):
        environment("lokal", project.root)


def test_an_image_by_name_and_by_uri(project):
    """
    A short name stands for the environment's image, a URI for itself, and anything else is refused.
    """
    here = environment("local", project.root)
    assert here.image("xgboost").endswith("/sagemaker-xgboost:3.0-5")
    assert "ghcr.io/acme/model:1" == here.image("ghcr.io/acme/model:1")
    with pytest.raises(
        ConfigError, match=r"environment local has no image 'xgbost'; did you mean 'xgboost'\?"
    ):
        here.image("xgbost")


def test_a_role_of_its_own_for_a_kind(project):
    """
    A kind of step may have its own role; the others share one.
    """
    role = "arn:aws:iam::123456789012:role/deploy"
    project.edit(ENV, ROLE, f"{ROLE}\nroles: {{deploy: '{role}'}}")
    here = environment("local", project.root)
    assert role == here.role_for("deploy")
    assert "arn:aws:iam::123456789012:role/jobs" == here.role_for("tuning")
