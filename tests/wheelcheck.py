"""Checks the built wheel: the six packages and their data files are in it, tests and infra are not.

python -m tests.wheelcheck dist
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

PACKAGES = {"foldline", "operators", "preprocessing", "training", "deploy", "localaws"}
DATA = {
    "foldline/report/report.html",
    "foldline/report/report.css",
    "foldline/report/report.js",
    "foldline/py.typed",
}


def faults(wheel: Path) -> list[str]:
    """What is wrong with the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        top = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    found = [f"top-level {name!r} does not belong in the wheel" for name in sorted(top - PACKAGES)]
    found += [f"package {name!r} is missing" for name in sorted(PACKAGES - top)]
    found += [f"{name} is missing" for name in sorted(DATA - names)]
    return found


def main(folder: str) -> int:
    """Check the newest wheel in ``folder``; the exit code."""
    wheel = max(Path(folder).glob("*.whl"), key=lambda path: path.stat().st_mtime)
    found = faults(wheel)
    print("\n".join(found) or f"{wheel}: {len(PACKAGES)} packages, nothing else")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
