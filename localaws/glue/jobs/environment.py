"""The environment of a run's script: its own, with nothing of the server's but the way to programs."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from localaws.errors import AwsError
from localaws.glue.jobs.arguments import merged, spark_conf
from localaws.glue.jobs.rules import SPARK, Document
from localaws.world import World

# A short job on a few cores spends most of its time compiling: the quick compiler alone takes a third of it.
QUICK_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
RUNTIME = Path(__file__).parent.parent / "runtime"  # awsglue, for jobs only


def environment(world: World, run: Document, folder: Path, paths: list[str], threads: int) -> dict[str, str]:
    """All variables of a script.

    Args:
        world: The world it runs in.
        run: The run.
        folder: The run's work folder.
        paths: Where its modules are; the shim comes after them.
        threads: Cores it may keep busy.
    """
    variables = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        "LANG": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join([*paths, str(RUNTIME)]),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_ENDPOINT_URL": world.url,
        "AWS_REGION": world.region,
        "AWS_DEFAULT_REGION": world.region,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
        "OMP_NUM_THREADS": str(threads),
        "OMP_WAIT_POLICY": "PASSIVE",
    }
    if run["Definition"]["Command"]["Name"] == SPARK:
        variables |= _spark(merged(run["Definition"], run), folder, threads)
    return variables


def _spark(arguments: dict[str, str], folder: Path, threads: int) -> dict[str, str]:
    """What makes a Spark session local, small and quiet."""
    settings = [
        "spark.ui.enabled=false",
        f"spark.sql.shuffle.partitions={threads}",
        f"spark.default.parallelism={threads}",
        "spark.driver.host=127.0.0.1",
        "spark.driver.bindAddress=127.0.0.1",
        f"spark.sql.warehouse.dir={folder / 'warehouse'}",
        "spark.sql.session.timeZone=UTC",
        f"spark.driver.extraJavaOptions={QUICK_JAVA}",
        *spark_conf(arguments),
    ]
    words = [f"--master local[{threads}]", "--driver-memory 1g"]
    words += [f'--conf "{setting}"' for setting in settings]
    variables = {
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_SUBMIT_ARGS": " ".join([*words, "pyspark-shell"]),
        "SPARK_LOCAL_DIRS": str(folder / "tmp"),
        "LOCALAWS_GLUE_STAGE": str(folder / "stage"),
    }
    if arguments.get("--enable-glue-datacatalog", "false") != "false":
        variables["LOCALAWS_GLUE_CATALOG"] = "1"
    if "JAVA_HOME" in os.environ:
        variables["JAVA_HOME"] = os.environ["JAVA_HOME"]
    return variables


def refuse_without_spark() -> None:
    """Refuse a Spark run where it cannot run.

    Raises:
        AwsError: NotImplemented, with the way to mend it.
    """
    java = os.environ.get("JAVA_HOME")
    if find_spec("pyspark") is None:
        missing = "pyspark; install the extra: pip install 'foldline[spark]'"
    elif shutil.which("java") is None and not (java and Path(java, "bin", "java").exists()):
        missing = "Java 17 or later on PATH or in JAVA_HOME, besides the extra foldline[spark]"
    else:
        return
    raise AwsError("NotImplemented", f"localaws cannot run a Spark job here: it needs {missing}", 501)
