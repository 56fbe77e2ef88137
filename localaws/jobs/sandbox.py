"""What a job's processes see as ``/opt/ml``: a folder of their own, private by namespaces where allowed.

The private form is one overlay mount inside a user and a mount namespace (``unshare``): the lower side is the
job's inputs as hard links to S3's blobs, the upper side is the folder results are taken from. A program may
edit, rename and delete its inputs as it may on SageMaker; the edits land in the upper side and never in the
store. Nothing outside the job's processes is mounted.

Where namespaces or overlays are not allowed, inputs are copied, the ``SM_*`` variables name the real folders,
and ``/opt/ml`` in the request's command and environment is rewritten to them; the hosts of a job with several
then cannot find each other by name.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from localaws.jobs.entry import Entry, Mount

ROOT = "/opt/ml"
ROOT_IN_TEXT = re.compile(r"(?<![\w./-])/opt/ml(?![\w.-])")


@dataclass(frozen=True)
class Sandbox:
    """The way into a job's file system; chosen once, when the server starts.

    Attributes:
        mount_point: Where the overlay goes: ``/opt/ml`` where that folder exists, else ``/opt``; None when
            there are no private mounts.
    """

    mount_point: str | None

    @classmethod
    def probe(cls, scratch: Path, wanted: str = "auto") -> Sandbox:
        """The private form if it really works here (a file written in it arrives), else the plain one."""
        point = ROOT if Path(ROOT).is_dir() else "/opt"
        if wanted == "none" or not _may_work(point, scratch):
            return cls(None)
        sandbox = cls(point)
        folder = scratch / "probe"
        instance = sandbox.instance("probe", folder)
        argv = instance.enter(["sh", "-c", "echo works > /opt/ml/probe"], ROOT)
        try:
            subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=10, check=False)
            return sandbox if (instance.root / "probe").exists() else cls(None)
        except (OSError, subprocess.TimeoutExpired):
            return cls(None)
        finally:
            clear(folder)

    def instance(self, name: str, folder: Path) -> Instance:
        """A host with an empty file system in a folder."""
        instance = Instance(name, folder, self.mount_point)
        for path in (instance.root, instance.inputs, folder / "scratch", folder / "home", folder / "tmp"):
            path.mkdir(parents=True, exist_ok=True)
        return instance


@dataclass(frozen=True)
class Instance:
    """One host of a job.

    Attributes:
        name: ``algo-1`` and so on.
        folder: The real folder everything of this host lies in.
        mount_point: Of its sandbox.
    """

    name: str
    folder: Path
    mount_point: str | None

    @property
    def private(self) -> bool:
        """Whether its processes see their own, literal ``/opt/ml``."""
        return self.mount_point is not None

    @property
    def root(self) -> Path:
        """The real folder of what its processes write under ``/opt/ml``."""
        return self.folder / "opt" / "ml"

    @property
    def inputs(self) -> Path:
        """The real folder for read-mostly inputs, laid out as ``/opt/ml``."""
        return self.folder / "inputs" / "ml" if self.private else self.root

    @property
    def seen(self) -> str:
        """The path its processes see ``root`` under."""
        return ROOT if self.private else str(self.root)

    def translate(self, text: str) -> str:
        """A text of the request with ``/opt/ml`` as this host's processes see it."""
        return text if self.private else ROOT_IN_TEXT.sub(lambda _: self.seen, text)

    def enter(self, argv: list[str], folder: str) -> list[str]:
        """The command that runs another one inside this host, in a folder as seen there."""
        return self.entry(folder).words(argv)

    def entry(self, folder: str) -> Entry:
        """The way of a process into this host, to a folder as seen there."""
        if self.mount_point is None:
            return Entry(False, str(self.folder), (), folder)
        whole = self.mount_point == "/opt"
        lower = "inputs:/opt" if whole else "inputs/ml"
        upper = "opt" if whole else "opt/ml"
        layers = f"userxattr,lowerdir={lower},upperdir={upper},workdir=scratch"
        mounts = [Mount("overlay", "overlay", self.mount_point, layers)]
        if (self.folder / "hosts").exists():
            mounts.append(Mount("bind", "hosts", "/etc/hosts"))
        return Entry(True, str(self.folder), tuple(mounts), folder)


def clear(folder: Path) -> None:
    """Remove a work folder, with the locked folder an overlay leaves in each host's scratch space."""
    for pattern in ("scratch/work", "*/scratch/work"):
        for locked in folder.glob(pattern):
            locked.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def _may_work(point: str, work: Path) -> bool:
    """Whether private mounts are worth a try: nothing that is needed would lie hidden under the overlay."""
    if sys.platform != "linux" or not Path(point).is_dir() or work.resolve().is_relative_to(point):
        return False
    if not all(shutil.which(program) for program in ("unshare", "mount", "sh")):
        return False
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return not any(mounted.startswith(f"{point}/") for mounted in mounts)
