"""The shared libraries of this process."""

from __future__ import annotations

import re
from pathlib import Path

LIBRARY = re.compile(r"/\S*\.so\b\S*")


def libraries() -> frozenset[str]:
    """The paths of all shared libraries that are loaded."""
    return frozenset(LIBRARY.findall(Path("/proc/self/maps").read_text()))
