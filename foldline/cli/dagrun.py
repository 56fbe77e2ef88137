"""One DAG run in this process, by Airflow's own `dag.test()`: what `foldline run` starts as a child.

    python -m foldline.cli.dagrun DAG_ID '{"folds": 3}'

Exit code 0 when the run succeeded, 1 when it failed, 2 when there is no such DAG.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from foldline import progress


def main(dag_id: str, conf: str) -> int:
    """Run the DAG and return the exit code."""
    from airflow.configuration import conf as airflow_conf
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(airflow_conf.get("core", "dags_folder"))
    dag = bag.dags.get(dag_id)
    if dag is None:
        why = "\n".join(bag.import_errors.values()) or f"known: {', '.join(sorted(bag.dags)) or 'none'}"
        print(f"there is no DAG {dag_id!r} in {bag.dag_folder}\n{why}", file=sys.stderr)  # noqa: T201  # a program
        return 2
    progress.emit("run", state="running", tasks=step_names(dag))
    run = dag.test(run_conf=json.loads(conf))
    state = str(getattr(run.state, "value", run.state))
    progress.emit("run", state=state, run_id=run.run_id)
    return 0 if state == "success" else 1


def step_names(dag: Any) -> list[str]:
    """Task ids of the DAG's steps, in the order they run; helper tasks tell no progress and are left out."""
    from operators.base import StepOperator

    def is_step(task: Any) -> bool:
        return issubclass(getattr(task, "operator_class", type(task)), StepOperator)

    return [task.task_id for task in dag.topological_sort() if is_step(task)]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
