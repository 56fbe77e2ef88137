"""Imports without the libraries that Arrow and XGBoost look for and these jobs do not need. Container side.

A fold's job may take less time than `import sklearn`; 40 of them run for one search. Standard library only.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class _Refusing(MetaPathFinder):
    """A finder that says of some libraries and modules that they are not installed."""

    def __init__(self, names: frozenset[str]) -> None:
        self.names = names

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if self.names & {fullname, fullname.partition(".")[0]}:
            raise ModuleNotFoundError(f"{fullname} is hidden: see preprocessing/lean.py", name=fullname)
        return None


@contextmanager
def hidden(*names: str) -> Iterator[None]:
    """Within the block these modules cannot be imported; those already loaded stay loaded."""
    finder = _Refusing(frozenset(names))
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


def arrow_without_pandas() -> None:
    """Let pyarrow, when this process uses it, settle that it works without pandas: 0.2 s less in each job.

    pyarrow looks for pandas once, at the first conversion, and remembers what it found.
    """
    pyarrow = sys.modules.get("pyarrow")
    if pyarrow is not None and "pandas" not in sys.modules:
        with hidden("pandas"):
            pyarrow.array([0])


def xgboost_without_sklearn() -> ModuleType:
    """The module ``xgboost``, without its scikit-learn wrapper unless that is loaded: 0.1 s, not 1.2 s."""
    with hidden("sklearn", "pandas", "xgboost.sklearn"):
        import xgboost
    return xgboost  # type: ignore[no-any-return]
