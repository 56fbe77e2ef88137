"""The wrong account and the wrong endpoint are met by a question, and by nothing else."""

from __future__ import annotations

import dataclasses
import http.server
import threading
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest

from foldline.aws import Clients, Door
from foldline.environment import environment
from foldline.errors import ConfigError, EnvironmentFault

ANSWER = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::999999999999:user/me</Arn><UserId>A</UserId><Account>999999999999</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""


class SomeoneElse(http.server.BaseHTTPRequestHandler):
    """Another account's AWS: answers who asks, and notes every call."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.calls.append(parse_qs(body).get("Action", [self.headers.get("X-Amz-Target")])[0])
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.end_headers()
        self.wfile.write(ANSWER.encode())

    def do_PUT(self) -> None:
        self.server.calls.append(f"PUT {self.path}")
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Nothing."""


@pytest.fixture
def elsewhere() -> Iterator[http.server.HTTPServer]:
    """A server that is somebody else's account."""
    server = http.server.HTTPServer(("127.0.0.1", 0), SomeoneElse)
    server.calls = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def door(url: str | None) -> Door:
    return Door("local", "123456789012", "us-east-1", url)


def test_another_account_is_refused(elsewhere):
    """
    The check asks who it is, and says both accounts; no other call is made.
    """
    with pytest.raises(EnvironmentFault, match="999999999999") as caught:
        Clients(door(f"http://127.0.0.1:{elsewhere.server_port}")).check_account()
    assert "123456789012" in str(caught.value)
    assert ["GetCallerIdentity"] == elsewhere.calls


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


def test_a_remote_endpoint_is_used_where_the_environment_permits_it(monkeypatch, elsewhere):
    """
    With `allow_remote_endpoint` the rule is lifted for addresses, and the account is checked all the same.
    """
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://192.0.2.1:1")
    permitted = dataclasses.replace(door(None), allow_remote_endpoint=True)
    assert Clients(permitted).client("sts").meta.endpoint_url == "http://192.0.2.1:1"
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{elsewhere.server_port}")
    with pytest.raises(EnvironmentFault, match="999999999999"):
        Clients(permitted).check_account()
