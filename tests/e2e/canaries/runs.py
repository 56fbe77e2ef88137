"""Two runs in one process: one as it is, one whose param holds a secret. Prints each task's state as JSON."""

from __future__ import annotations

import json
import os
import sys

from airflow.configuration import conf
from airflow.dag_processing.dagbag import DagBag

dag = DagBag(conf.get("core", "dags_folder")).dags["canaries"]
for note in ({}, {"note": os.environ["CANARY_PARAM"]}):
    run = dag.test(run_conf=note)
    states = {task.task_id: str(task.state) for task in run.get_task_instances()}
    sys.stdout.write(f"\nSTATES {json.dumps(states)}\n")
