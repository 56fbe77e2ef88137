"""A task that is handed to the triggerer and waits for nothing: what Airflow itself takes for that."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from airflow.sdk import BaseOperator
from airflow.triggers.base import BaseTrigger, TriggerEvent


class NoTrigger(BaseTrigger):
    """Fires at once."""

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """No arguments."""
        return "bench.nowait.NoTrigger", {}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Fire."""
        yield TriggerEvent(None)


class NoWait(BaseOperator):
    """Defers to a trigger that fires at once: what is left is Airflow's own."""

    def execute(self, context: Any) -> None:
        """Defer."""
        self.defer(trigger=NoTrigger(), method_name="resume")

    def resume(self, context: Any, event: None) -> None:
        """Nothing is left to do."""
