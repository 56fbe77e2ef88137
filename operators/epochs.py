"""A clear is a new epoch: what the cleared task still has running is stopped before the work is done anew."""

from __future__ import annotations

import logging

from foldline.remote.inventory import JOBS, Inventory, Owned
from foldline.remote.paging import PacedLists
from foldline.remote.untagged import UNTAGGED, Notes
from foldline.remote.watched import WATCHED
from foldline.waiting import Watch
from operators.steprun import StepRun

NOTED = "earlier-epochs-ended"
STOP_SECONDS = 1800.0
"""How long a stopped job may take to end; SageMaker gives its container two minutes, its upload longer."""
STOPPING = frozenset({"Stopping", "STOPPING"})
log = logging.getLogger(__name__)


def end_earlier_epochs(run: StepRun) -> None:
    """Stop what this task started before it was last cleared, and wait until that has ended.

    The trigger or the dying worker has mostly done so already; this is for what neither could reach.
    """
    if run.place.epoch == 0 or run.memory.get(NOTED):
        return
    environment, lists, place = run.pipeline.environment, PacedLists(run.clock), run.place
    inventory = Inventory(run.clients.client("resourcegroupstaggingapi"), lists, environment.name)
    found = inventory.owned(
        dag=place.dag_id, run=place.run_id, task=place.task_id, map_index=place.map_index, kinds=JOBS
    )
    notes = Notes(run.clients.client("s3"), lists, environment.account, environment.name)
    found += notes.noted(run.layout, place.task_id, place.map_index)
    for kind in (*JOBS, *UNTAGGED):
        earlier = [one for one in found if one.kind == kind and one.epoch < place.epoch]
        _end(run, kind, earlier)
    run.memory.put(NOTED, True)


def _end(run: StepRun, kind: str, jobs: list[Owned]) -> None:
    watched, looks, asked = WATCHED[kind], 0, set[str]()
    left = [job.name for job in jobs]
    while True:
        client = run.clients.client(watched.service)
        statuses = {name: watched.status(client, run.clock, name) for name in left}
        left = [name for name, word in statuses.items() if word is not None and not watched.is_over(word)]
        if not left:
            return
        for name in left:
            if name not in asked and statuses[name] not in STOPPING:
                log.info("stops %s %s, which this task started before it was cleared", kind, name)
                watched.end(client, run.clock, name)
                asked.add(name)
        run.waits.pause(run.backoff.seconds(looks), Watch(kind, tuple(left), STOP_SECONDS))
        looks += 1
