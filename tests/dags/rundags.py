"""DAG runs in this process, by Airflow's own `dag.test()`; prints each task's state, a JSON line per DAG.

python -m tests.dags.rundags FOLDER DAG_ID …
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(folder: str, dag_ids: list[str]) -> None:
    """Run the DAGs one after the other."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(folder)
    assert not bag.import_errors, bag.import_errors
    for dag_id in dag_ids:
        run = bag.dags[dag_id].test()
        states = {one.task_id: str(one.state) for one in run.get_task_instances()}
        line = json.dumps({"dag": dag_id, "run": run.run_id, "states": states})
        with Path("runs.jsonl").open("a") as file:
            file.write(line + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
