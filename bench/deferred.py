"""``python -m bench.deferred URL``: deferred tasks in Airflow's database, as workers would have left them.

Each task of the DAG ``many`` waits for the training job of its own name. Run in a process of its own, whose
environment says which Airflow it is.
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Any

from airflow._shared.timezones import timezone
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db
from airflow.models.serialized_dag import SerializedDagModel
from airflow.models.trigger import Trigger
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState, TaskInstanceState
from airflow.utils.types import DagRunTriggeredByType, DagRunType

from foldline.aws import Door
from foldline.waiting import Watch
from operators.triggers import WaitTrigger

POLLING = {"first": 0.3, "longest": 30.0, "patience": 60.0}
BUDGET_SECONDS = 3600.0


def defer(url: str) -> None:
    """Make a run of the DAG ``many`` whose tasks all wait."""
    manager = DagBundlesManager()
    manager.sync_bundles_to_db()
    for bundle in manager.get_all_dag_bundles():
        bundle.initialize()
        bag = BundleDagBag(dag_folder=bundle.path, bundle_path=bundle.path, bundle_name=bundle.name)
        sync_bag_to_db(bag, bundle.name, bundle.version)
    now = timezone.utcnow()
    with create_session() as session:
        dag: Any = SerializedDagModel.get_dag("many", session=session)
        run = dag.create_dagrun(
            run_id="bench",
            run_after=now,
            run_type=DagRunType.MANUAL,
            triggered_by=DagRunTriggeredByType.TEST,
            state=DagRunState.RUNNING,
            start_date=now,
            session=session,
        )
        door = asdict(Door("local", "123456789012", "us-east-1", url))
        for task in run.get_task_instances(session=session):
            watch = Watch("training", (task.task_id,), BUDGET_SECONDS)
            trigger = Trigger.from_object(WaitTrigger(watch=watch.document(), door=door, polling=POLLING))
            session.add(trigger)
            session.flush()
            task.trigger_id, task.state = trigger.id, TaskInstanceState.DEFERRED
            task.start_date, task.try_number, task.next_method = now, 1, "resume"
            task.next_kwargs = {}


if __name__ == "__main__":
    defer(sys.argv[1])
