"""`localaws.pytest`: fixtures for anybody's tests, tried as somebody would use them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.documents import Document

ROOT = Path(__file__).parents[2]
pytest_plugins = ["pytester"]
TESTS = """
    import os
    import urllib.request

    import pytest
    from botocore.exceptions import ClientError

    pytest_plugins = ["localaws.pytest"]
    before = dict(os.environ)


    def test_sets_nothing(localaws_endpoint):
        assert before.get("AWS_ENDPOINT_URL") == os.environ.get("AWS_ENDPOINT_URL")
        localaws_endpoint.client("s3").create_bucket(Bucket="kept-for-the-session")


    def test_same_endpoint(localaws_env):
        assert "s3://" not in localaws_env.url
        assert ["kept-for-the-session"] == [
            bucket["Name"] for bucket in localaws_env.client("s3").list_buckets()["Buckets"]
        ]
        assert "AWS_PROFILE" not in os.environ
        assert "AWS_ENDPOINT_URL_S3" not in os.environ
        with open("url", "w") as file:
            file.write(localaws_env.url)


    def test_faults_end_with_their_block(localaws_endpoint):
        with localaws_endpoint.fault("throttle", service="sts") as rule:
            with pytest.raises(ClientError, match="Throttling"):
                localaws_endpoint.client("sts").get_caller_identity()
        assert "123456789012" == localaws_endpoint.client("sts").get_caller_identity()["Account"]
        with pytest.raises(ValueError, match="did you mean 'throttle'"):
            with localaws_endpoint.fault("trottle"):
                pass


    def test_the_environment_is_as_before():
        assert before.get("AWS_ENDPOINT_URL") == os.environ.get("AWS_ENDPOINT_URL")
        assert before["AWS_PROFILE"] == os.environ["AWS_PROFILE"]
"""


def in_a_project_of_its_own(pytester, monkeypatch, tests: str):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("AWS_PROFILE", "somebody")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    pytester.makepyfile(tests)
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", timeout=120)


def test_fixtures(pytester, monkeypatch):
    """
    One endpoint serves a session; variables are set for the test that asks, and are then as before.
    """
    in_a_project_of_its_own(pytester, monkeypatch, TESTS).assert_outcomes(passed=4)
    url = (pytester.path / "url").read_text()
    command = [sys.executable, "-c", "import sys, urllib.request; urllib.request.urlopen(sys.argv[1])", url]
    assert b"Connection refused" in subprocess.run(command, capture_output=True, check=False).stderr


def test_the_documented_example(pytester, monkeypatch):
    """
    The example in docs/localaws.md is a test file that passes.
    """
    page = Document(ROOT / "docs/localaws.md")
    blocks = [block.text for block in page.blocks if block.language == "python"]
    assert 1 == len(blocks)
    in_a_project_of_its_own(pytester, monkeypatch, blocks[0]).assert_outcomes(passed=1)
