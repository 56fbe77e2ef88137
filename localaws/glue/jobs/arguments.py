"""A run's arguments: merged from the job's and the run's, checked for what Glue consumes, put in a row.

Glue hands every argument on to the script, its own too, and adds the script's location; Spark scripts also
get JOB_NAME, JOB_ID and JOB_RUN_ID, Python shell scripts do not.
"""

from __future__ import annotations

import hashlib
import shlex
from typing import Any

from localaws.errors import AwsError
from localaws.glue.jobs.rules import SPARK, Document

REFUSED = (
    "--extra-jars",
    "--user-jars-first",
    "--class",
    "--extra-files",
    "--datalake-formats",
    "--python-modules-installer-option",
)
BOOKMARKS = ("job-bookmark-enable", "job-bookmark-disable", "job-bookmark-pause")


def merged(job: Document, run: Document) -> dict[str, str]:
    """The arguments of a run: the job's defaults, then the run's, then those nobody may override."""
    parts = (job.get("DefaultArguments"), run.get("Arguments"), job.get("NonOverridableArguments"))
    return {name: value for part in parts for name, value in (part or {}).items()}


def check_arguments(arguments: dict[str, str]) -> None:
    """Refuse what Glue would do with an argument and localaws does not, by name.

    Raises:
        AwsError: NotImplemented, or InvalidInputException for a value Glue does not know.
    """
    for name in REFUSED:
        if arguments.get(name):
            raise _missing(f"the argument {name}")
    if arguments.get("--job-language", "python") != "python":
        raise _missing(f"--job-language {arguments['--job-language']}")
    option = arguments.get("--job-bookmark-option", "job-bookmark-disable")
    if option not in BOOKMARKS:
        raise AwsError("InvalidInputException", f"--job-bookmark-option should be one of {list(BOOKMARKS)}.")
    if option == "job-bookmark-pause":
        raise _missing("--job-bookmark-option job-bookmark-pause")


def argv(job: Document, run: Document, arguments: dict[str, str]) -> list[str]:
    """The words behind the script's name on its command line."""
    script = arguments.get("--scriptLocation") or job["Command"].get("ScriptLocation", "")
    pairs: dict[str, Any] = {**arguments, "--scriptLocation": script}
    pairs.setdefault("--job-language", "python")
    if job["Command"]["Name"] == SPARK:
        pairs.setdefault("--job-bookmark-option", "job-bookmark-disable")
        identity = hashlib.sha256(run["JobName"].encode()).hexdigest()
        pairs |= {"--JOB_ID": f"j_{identity}", "--JOB_RUN_ID": run["Id"], "--JOB_NAME": run["JobName"]}
    return [word for name, value in pairs.items() for word in ((name, value) if value else (name,))]


def words(arguments: dict[str, str], name: str) -> list[str]:
    """The entries of an argument that is a list with commas."""
    return [word.strip() for word in arguments.get(name, "").split(",") if word.strip()]


def spark_conf(arguments: dict[str, str]) -> list[str]:
    """The settings in ``--conf``, which holds several as ``a=b --conf c=d``."""
    return [word for word in shlex.split(arguments.get("--conf", "")) if word != "--conf"]


def _missing(what: str) -> AwsError:
    return AwsError("NotImplemented", f"localaws does not implement {what} of Glue jobs", 501)
