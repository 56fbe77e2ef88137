"""What the progress events of a run add up to: the state of every task, and the scores fold by trial."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class TaskState:
    """One task, mapped or not.

    Attributes:
        name: The task's id.
        instances: State by map index (-1 when it is not mapped): ``running``, ``success``, ``failed``.
        started: Unix time of the first ``running``.
        ended: Unix time of the last ``success`` or ``failed``; None while an instance runs.
        detail: The last detail it told.
    """

    name: str
    instances: dict[int, str] = field(default_factory=dict)
    started: float | None = None
    ended: float | None = None
    detail: str = ""

    @property
    def mapped(self) -> bool:
        """Whether the task is mapped."""
        return any(index >= 0 for index in self.instances)

    @property
    def state(self) -> str:
        """``waiting``, ``running``, ``failed``, ``success`` or ``skipped``, over all instances."""
        states = set(self.instances.values())
        order = ("running", "failed", "success", "skipped")
        return next((state for state in order if state in states), "waiting")

    def seconds(self, now: float) -> float | None:
        """Seconds from its start to its end, or to ``now``; None before it starts."""
        if self.started is None:
            return None
        return max(0.0, (self.ended if self.ended is not None else now) - self.started)

    def apply(self, index: int, state: str, at: float, detail: str) -> None:
        """Take in one event of the task."""
        self.instances[index] = state
        self.detail = detail or self.detail
        if self.started is None:
            self.started = at
        self.ended = None if "running" in self.instances.values() else at


@dataclass
class TrialState:
    """One trial: its fits by fold, and its mean and spread once all are done."""

    number: int
    fits: dict[int, str] = field(default_factory=dict)
    scores: dict[int, float] = field(default_factory=dict)
    mean: float | None = None
    sd: float | None = None


@dataclass
class Board:
    """The whole run, as far as its events have told.

    Attributes:
        tasks: Tasks by name, in the order they are shown; those given at the start wait.
        trials: Trials by number.
        best: Number of the best trial so far.
        minimize: Whether a lower score is better, as the fits' ``direction`` says.
        state: ``running``, ``success`` or ``failed``.
        run_id: The run, once known.
        started: Unix time of the first event.
    """

    tasks: dict[str, TaskState] = field(default_factory=dict)
    trials: dict[int, TrialState] = field(default_factory=dict)
    best: int | None = None
    minimize: bool = False
    state: str = "running"
    run_id: str = ""
    started: float | None = None

    @property
    def folds(self) -> int:
        """Number of folds the fits have named."""
        return max((fold + 1 for trial in self.trials.values() for fold in trial.fits), default=0)

    def apply(self, event: dict[str, Any]) -> None:
        """Take in one event; a kind this version does not know changes nothing."""
        at = float(event.get("at", 0.0))
        if self.started is None:
            self.started = at
        match event.get("event"):
            case "run":
                self.state, self.run_id = str(event.get("state")), str(event.get("run_id", ""))
                for name in event.get("tasks", ()):
                    self.tasks.setdefault(str(name), TaskState(str(name)))
            case "task":
                name = str(event["task"])
                task = self.tasks.setdefault(name, TaskState(name))
                detail = str(event.get("detail") or "")
                task.apply(int(event.get("map_index", -1)), str(event["state"]), at, detail)
            case "fit" if event.get("trial") is not None:
                self._fit(event)
            case "trial":
                trial = self.trial(event["trial"])
                trial.mean, trial.sd = event.get("mean"), event.get("sd")
                if event.get("best"):
                    self.best = trial.number

    def _fit(self, event: dict[str, Any]) -> None:
        trial, fold = self.trial(event["trial"]), int(event.get("fold") or 0)
        trial.fits[fold] = str(event["state"])
        if event.get("score") is not None:
            trial.scores[fold] = float(event["score"])
        if event.get("direction"):
            self.minimize = event["direction"] == "minimize"

    def trial(self, number: Any) -> TrialState:
        """The trial of this number, new when no event has named it."""
        return self.trials.setdefault(int(number), TrialState(int(number)))

    def rank(self, score: float) -> float:
        """Where ``score`` lies among all scores so far: 0 is the worst, 1 the best."""
        others = [value for trial in self.trials.values() for value in trial.scores.values()]
        if len(others) < 2:
            return 1.0
        below = sum(value > score if self.minimize else value < score for value in others)
        return below / (len(others) - 1)
