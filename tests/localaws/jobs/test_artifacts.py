"""Archives are unpacked only into their folder, and results leave as they lie."""

from __future__ import annotations

import io
import tarfile

import pytest

from localaws.jobs.artifacts import unpack
from localaws.jobs.failure import JobFailure


def archive(tmp_path, *members: tarfile.TarInfo):
    """An archive with members of one byte."""
    path = tmp_path / "a.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for member in members:
            member.size = 1 if member.isfile() else 0
            tar.addfile(member, io.BytesIO(b"x"))
    return path


def link(name: str, target: str) -> tarfile.TarInfo:
    """A symbolic link."""
    member = tarfile.TarInfo(name)
    member.type, member.linkname = tarfile.SYMTYPE, target
    return member


@pytest.mark.parametrize("member", [tarfile.TarInfo("../out"), link("etc", "/etc"), link("up", "../../x")])
def test_a_member_that_leaves_the_folder_is_refused(tmp_path, member):
    """
    No path and no link of an archive reaches outside.
    """
    with pytest.raises(JobFailure, match="s3://b/a cannot be unpacked"):
        unpack(archive(tmp_path, member), tmp_path / "in", "s3://b/a")
    assert not (tmp_path / "out").exists()


def test_an_archive_of_too_many_members_is_refused(tmp_path):
    """
    The count is bounded, and with it what a small archive can fill a disk with.
    """
    members = [tarfile.TarInfo(name) for name in "abc"]
    with pytest.raises(JobFailure, match="over 2 files"):
        unpack(archive(tmp_path, *members), tmp_path / "in", "s3://b/a", max_members=2)


def test_what_is_no_archive_is_named(tmp_path):
    """
    A text, a truncated archive: the reason names the source.
    """
    (tmp_path / "text").write_text("hello")
    whole = archive(tmp_path, *(tarfile.TarInfo(f"file-{number}") for number in range(200)))
    (tmp_path / "cut").write_bytes(whole.read_bytes()[:300])
    for name in ("text", "cut"):
        with pytest.raises(JobFailure, match=f"s3://b/{name} cannot be unpacked"):
            unpack(tmp_path / name, tmp_path / "in", f"s3://b/{name}")
