"""Starting, stopping and starting again: state lasts, and what cannot work is told clearly."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parent.parent.parent
USER_NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"]


def serve(state: Path, port: int, *before: str) -> subprocess.CompletedProcess[str]:
    """A server that is expected to refuse; its exit code and words."""
    command = [*before, sys.executable, "-P", "-m", "localaws", "--port", str(port), "--state", str(state)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def can_mount() -> bool:
    if not shutil.which("unshare"):
        return False
    mount = [*USER_NAMESPACE, "mount", "-t", "tmpfs", "t", "/mnt"]
    return subprocess.run(mount, capture_output=True, check=False).returncode == 0


needs_mounts = pytest.mark.skipif(
    not can_mount(), reason="this machine lets no user mount a small disk (unshare)"
)


def test_restart_keeps_everything(start, connect, tmp_path):
    """
    Buckets, objects, uploads under way, roles and logs are there after a restart.
    """
    first = start(tmp_path / "state")
    s3, logs, iam = (connect(first, service) for service in ("s3", "logs", "iam"))
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="k", Body=b"data", Metadata={"a": "1"})
    upload = s3.create_multipart_upload(Bucket="bucket", Key="big")["UploadId"]
    part = s3.upload_part(Bucket="bucket", Key="big", UploadId=upload, PartNumber=1, Body=b"part")["ETag"]
    logs.create_log_group(logGroupName="group")
    iam.create_role(RoleName="made", AssumeRolePolicyDocument="{}")
    assert 0 == first.stop()

    second = start(tmp_path / "state")
    s3, logs, iam = (connect(second, service) for service in ("s3", "logs", "iam"))
    found = s3.get_object(Bucket="bucket", Key="k")
    assert (b"data", {"a": "1"}) == (found["Body"].read(), found["Metadata"])
    done = {"Parts": [{"PartNumber": 1, "ETag": part}]}
    s3.complete_multipart_upload(Bucket="bucket", Key="big", UploadId=upload, MultipartUpload=done)
    assert b"part" == s3.get_object(Bucket="bucket", Key="big")["Body"].read()
    assert ["group"] == [item["logGroupName"] for item in logs.describe_log_groups()["logGroups"]]
    assert ["made"] == [role["RoleName"] for role in iam.list_roles()["Roles"]]


def test_stop_by_post(start, tmp_path):
    """
    A POST to the stop page ends the server, with exit code 0.
    """
    running = start(tmp_path / "state")
    request = urllib.request.Request(f"{running.url}/_localaws/stop", method="POST")
    with urllib.request.urlopen(request) as answer:
        assert 202 == answer.status
    assert 0 == running.process.wait(20)
    assert "Traceback" not in running.log


def test_port_taken(tmp_path):
    """
    A taken port ends the start with code 3; the message names the port, who to ask, and the mend.
    """
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        found = serve(tmp_path / "state", port)
    assert 3 == found.returncode
    for word in (f"port {port}", "foldline local status", "--port"):
        assert word in found.stderr
    assert "Traceback" not in found.stderr


def test_state_in_use(start, tmp_path):
    """
    Two servers on one state folder: the second is refused with code 5, and told which process has it.
    """
    running = start(tmp_path / "state")
    found = serve(tmp_path / "state", free_port())
    assert 5 == found.returncode
    assert f"locked by another server (process {running.process.pid})" in found.stderr


def test_lock_ends_with_its_process(start, tmp_path):
    """
    A killed server leaves no lock behind.
    """
    running = start(tmp_path / "state")
    running.process.kill()
    running.process.wait()
    assert "ready" == start(tmp_path / "state").health()["state"]


def test_state_cannot_be_made(tmp_path):
    """
    A state folder that cannot be made ends the start with code 4.
    """
    (tmp_path / "file").write_text("not a folder")
    found = serve(tmp_path / "file" / "state", free_port())
    assert 4 == found.returncode
    assert "choose another folder (--state)" in found.stderr
    assert "Traceback" not in found.stderr


@needs_mounts
def test_no_disk_space_at_start(tmp_path):
    """
    A disk with less than a mebibyte left ends the start with code 4, naming the folder and the mend.
    """
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = f'mount -t tmpfs -o size=512k tiny {disk} && exec "$@"'
    found = serve(disk / "state", free_port(), *USER_NAMESPACE, "sh", "-c", mount, "sh")
    assert 4 == found.returncode, found.stderr
    assert str(disk / "state") in found.stderr
    assert "free some disk space" in found.stderr
    assert "Traceback" not in found.stderr


@needs_mounts
def test_no_disk_space_while_running(tmp_path, connect):
    """
    A full disk fails the request at hand with a clear error; what was stored stays, and space freed is usable.
    """
    disk = tmp_path / "disk"
    disk.mkdir()
    script = f"mount -t tmpfs -o size=16m small {disk} && exec {sys.executable} {__file__} {disk}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [*USER_NAMESPACE, "sh", "-c", script]
    found = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)
    assert 0 == found.returncode, found.stdout + found.stderr


def fill_the_disk(disk: Path) -> None:
    """Run inside a namespace of its own, whose disk is small: fill it, look, free, go on."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import ClientError

    log = disk / "server.log"
    command = [sys.executable, "-P", "-m", "localaws", "--port", "0", "--state", str(disk / "state")]
    with log.open("wb") as output:
        server = subprocess.Popen(command, stderr=output)
    while " ready on " not in (text := log.read_text()):
        assert server.poll() is None, text
    url = text.partition(" ready on ")[2].partition(",")[0]
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
    s3 = boto3.client("s3", endpoint_url=url, config=Config(retries={"total_max_attempts": 1}), **keys)
    s3.create_bucket(Bucket="bucket")
    stored: list[str] = []
    error: ClientError | None = None
    for number in range(30):
        try:
            s3.put_object(Bucket="bucket", Key=f"k{number:02}", Body=bytes([number]) * 1_000_000)
            stored.append(f"k{number:02}")
        except ClientError as caught:
            error = caught
            break
    assert error is not None, "30 MB fitted on a disk of 16"
    assert "InsufficientStorage" == error.response["Error"]["Code"]
    assert str(disk / "state") in error.response["Error"]["Message"]
    assert stored == [item["Key"] for item in s3.list_objects_v2(Bucket="bucket")["Contents"]]
    for key in stored:
        assert bytes([int(key[1:])]) * 1_000_000 == s3.get_object(Bucket="bucket", Key=key)["Body"].read()
    for key in stored[:4]:
        s3.delete_object(Bucket="bucket", Key=key)
    for attempt in range(3):
        try:
            s3.put_object(Bucket="bucket", Key="after", Body=b"x" * 2_000_000)
            break
        except ClientError:
            assert attempt < 2, "freed space was not usable"
    server.terminate()
    assert 0 == server.wait(20), log.read_text()


def test_ports_are_of_the_url(start, tmp_path):
    """
    Port 0 takes a free port, and the server says which.
    """
    running = start(tmp_path / "state")
    assert urlsplit(running.url).port == running.health()["port"] != 0


if __name__ == "__main__":
    fill_the_disk(Path(sys.argv[1]))
