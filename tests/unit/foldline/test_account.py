"""The wrong account and the wrong endpoint are met by a question, and by nothing else."""

from __future__ import annotations

import dataclasses

import pytest

from foldline.aws import Clients, Door
from foldline.environment import environment
from foldline.errors import ConfigError, EnvironmentFault
from tests.foreign import ACCOUNT, foreign_account


def door(url: str | None) -> Door:
    return Door("local", "123456789012", "us-east-1", url)


def test_another_account_is_refused():
    """
    The check asks who it is, and says both accounts; no other call is made.
    """
    with foreign_account() as foreign, pytest.raises(EnvironmentFault, match=ACCOUNT) as caught:
        Clients(door(foreign.url)).check_account()
    assert "123456789012" in str(caught.value)
    (call,) = foreign.calls
    assert "Action=GetCallerIdentity" in call


ELSEWHERE = [
    "http://169.254.169.254",
    "http://169.254.169.254/latest/meta-data",
    "http://[fd00:ec2::254]",
    "http://metadata.google.internal",
    "http://10.0.0.5:4566",
    "http://0.0.0.0:4566",
    "http://127.0.0.1.nip.io:4566",
    "http://localhost.evil.example:4566",
    "http://127.0.0.1@evil.example",
    "http://evil.example#@127.0.0.1",
    "http://evil.example\\@127.0.0.1",
    "http://2130706433:4566",
    "http://0x7f.1:4566",
    "file:///etc/passwd",
    "gopher://127.0.0.1:4566",
    "ftp://127.0.0.1",
    "//127.0.0.1:4566",
    "127.0.0.1:4566",
    "http://",
    "http://[::1",
    "http://127.0.0.1:99999",
    "http://127.0.0.1:4566/x",
    "http://127.0.0.1:4566?x=1",
]
"""Where nobody's data and credentials are to go: clouds' metadata, other hosts, other schemes, disguises."""


@pytest.mark.parametrize("url", ELSEWHERE)
def test_an_endpoint_elsewhere_is_refused_in_the_environment_file(tmp_path, url):
    """
    The file's `endpoint_url` is a loopback address in plain spelling, or the file is wrong.
    """
    (tmp_path / "infra" / "env").mkdir(parents=True)
    (tmp_path / "infra/env/local.yaml").write_text(
        'account: "123456789012"\nregion: us-east-1\nbucket: a-bucket\n'
        f"role: arn:aws:iam::123456789012:role/x\nendpoint_url: '{url}'\n"
    )
    with pytest.raises(ConfigError, match="endpoint_url"):
        environment("local", tmp_path)


@pytest.mark.parametrize("url", ELSEWHERE)
def test_an_endpoint_elsewhere_is_refused_in_the_variable(monkeypatch, url):
    """
    `AWS_ENDPOINT_URL` is held to the same rule before the first call.
    """
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    with pytest.raises(EnvironmentFault, match="AWS_ENDPOINT_URL"):
        Clients(door(None)).check_account()


def test_a_remote_endpoint_is_asked_where_the_environment_permits_it(monkeypatch):
    """
    With `allow_remote_endpoint` the rule is lifted for addresses, and the account is checked all the same.
    """
    permitted = dataclasses.replace(door(None), allow_remote_endpoint=True)
    monkeypatch.setenv("AWS_ENDPOINT_URL_ATHENA", "http://192.0.2.1:1")
    with foreign_account() as foreign:
        monkeypatch.setenv("AWS_ENDPOINT_URL", foreign.url)
        with pytest.raises(EnvironmentFault, match=r"AWS_ENDPOINT_URL_ATHENA=.* is another"):
            Clients(door(None)).check_account()
        with pytest.raises(EnvironmentFault, match=ACCOUNT):
            Clients(permitted).check_account()
    assert 1 == len(foreign.calls)
