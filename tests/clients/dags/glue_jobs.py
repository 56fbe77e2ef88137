"""Airflow's own Glue job operator and sensor: created, run, changed, run again, waited for."""

from __future__ import annotations

from pathlib import Path

from airflow.providers.amazon.aws.operators.glue import GlueJobOperator
from airflow.providers.amazon.aws.operators.s3 import S3CreateBucketOperator
from airflow.providers.amazon.aws.sensors.glue import GlueJobSensor
from airflow.sdk import DAG, chain

BUCKET, JOB = "airflow-glue", "airflow-glue-job"
SCRIPT = Path(__file__).parents[1] / "scripts" / "glue_job_script.py"


def run(task: str, **settings: object) -> GlueJobOperator:
    """A task that runs the job, with its script uploaded from here."""
    command = {
        "Name": "pythonshell",
        "ScriptLocation": f"s3://{BUCKET}/artifacts/glue-scripts/{SCRIPT.name}",
        "PythonVersion": "3.9",
    }
    defaults = {"--mode": task}
    return GlueJobOperator(
        task_id=task,
        job_name=JOB,
        script_location=str(SCRIPT),
        s3_bucket=BUCKET,
        iam_role_name="airflow-role",
        num_of_dpus=0.0625,
        create_job_kwargs={"Command": command, "DefaultArguments": defaults},
        script_args={"--target": f"s3://{BUCKET}/done/{task}"},
        replace_script_file=True,
        job_poll_interval=1,
        **settings,
    )


with DAG("glue_jobs", schedule=None) as dag:
    chain(
        S3CreateBucketOperator(task_id="bucket", bucket_name=BUCKET),
        run("first", verbose=True),
        run("second", update_config=True, wait_for_completion=False),
        GlueJobSensor(
            task_id="ended",
            job_name=JOB,
            run_id="{{ ti.xcom_pull(task_ids='second') }}",
            poke_interval=1,
            verbose=True,
        ),
        run("third", update_config=True),
    )
