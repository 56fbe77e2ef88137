"""The way into a host by system calls, for a process that is forked and therefore starts no ``unshare``."""

from __future__ import annotations

import ctypes
import os
import signal
from pathlib import Path

from localaws.jobs.entry import Entry, Mount

CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
PR_SET_PDEATHSIG, PR_SET_DUMPABLE = 1, 4
libc = ctypes.CDLL(None, use_errno=True)


def enter(entry: Entry) -> None:
    """Enter a host as ``Entry.words`` does: namespaces, mounts, working folder.

    Raises:
        OSError: The system refuses; the file name says at which step.
    """
    user, group = os.geteuid(), os.getegid()
    if entry.private:
        _check(libc.unshare(CLONE_NEWUSER | CLONE_NEWNS), "unshare")
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1")
        # New processes get this by exec: without it /proc/self of a plain user's process is root's.
        _check(libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), "prctl")
        _mount("none", "/", None, MS_REC | MS_PRIVATE, None)
    os.chdir(entry.home)
    for mount in entry.mounts:
        _enter(mount)
    os.chdir(entry.folder)


def end_with_parent(parent: int) -> None:
    """Have this process killed when its parent dies, also when that has happened already.

    A change of user namespace takes the wish back, so it is made after ``enter``.
    """
    _check(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "prctl")
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def _enter(mount: Mount) -> None:
    if mount.kind == "bind":
        _mount(mount.source, mount.target, None, MS_BIND, None)
    else:
        _mount(mount.source, mount.target, mount.kind, 0, mount.options)


def _mount(source: str, target: str, kind: str | None, flags: int, options: str | None) -> None:
    words = [word.encode() if word is not None else None for word in (source, target, kind, options)]
    first, second, third, last = words
    _check(libc.mount(first, second, third, ctypes.c_ulong(flags), last), f"mount on {target}")


def _check(result: int, step: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), step)
