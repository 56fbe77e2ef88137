"""A booster's checkpoints, ``xgboost-checkpoint.<round>``: from them a job's next attempt goes on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import xgboost
from xgboost.callback import TrainingCallback

NAME = re.compile(r"xgboost-checkpoint\.(\d+)")
KEPT = 5


class Checkpoints(TrainingCallback):  # type: ignore[misc]  # xgboost is untyped here
    """Writes a checkpoint after each round where a job has a folder for them.

    Args:
        folder: The folder; a job without checkpoints has none.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._done = 0

    def latest(self) -> tuple[Any, int]:
        """The booster of the last checkpoint, None without one, and the rounds it has."""
        rounds = self._rounds()
        if not rounds:
            return None, 0
        booster = xgboost.Booster()
        booster.load_model(bytearray(self._file(rounds[-1]).read_bytes()))
        self._done = rounds[-1] + 1
        return booster, self._done

    def after_iteration(self, model: Any, epoch: int, evals_log: Mapping[str, Any]) -> bool:
        """Write one, whole or not at all, and remove all but the last; never stops the training."""
        if self._folder.is_dir():
            unfinished = self._folder / ".unfinished"
            unfinished.write_bytes(model.save_raw("ubj"))
            unfinished.replace(self._file(self._done + epoch))
            for old in self._rounds()[:-KEPT]:
                self._file(old).unlink()
        return False

    def _rounds(self) -> list[int]:
        files = self._folder.iterdir() if self._folder.is_dir() else ()
        return sorted(int(found[1]) for file in files if (found := NAME.fullmatch(file.name)))

    def _file(self, number: int) -> Path:
        return self._folder / f"xgboost-checkpoint.{number}"
