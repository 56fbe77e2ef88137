"""`make bench`: measure everything once and write docs/benchmarks.md; SAMPLE=0.1 uses a tenth of the data."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from bench import endpoint, jobs, objects, parse, pipeline, queries, triggerer, waiting
from bench.measure import Row
from foldline.aws import Clients
from foldline.cli.airflowhome import airflow_environment, ensure_migrated
from foldline.cli.demo import load_samples, local_endpoint
from foldline.config import load_pipeline

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
LIBRARIES = ("foldline", "apache-airflow", "boto3", "duckdb", "xgboost-cpu")


WORK = "## Work"
WAITING = "## Waiting"
ABOUT = {
    WORK: "",
    WAITING: """One real Airflow (scheduler with LocalExecutor, triggerer) and one local endpoint,
with the polling of dev and prod (0.3 s to 30 s). The provider's operators run with their defaults,
beside ours and at the same time; their deferrable mode needs aiobotocore, so both use the boto3 that it
admits (bench/requirements.txt). *Staying* is a worker that waits, *deferring* one that hands over to the
triggerer. This part alone: `python -m bench waiting`.

""",
}
HEAD = """# Benchmarks

Written by `make bench`; every ratio is of two figures measured in the same run.
"""


def part(title: str, found: list[Row], note: str = "") -> str:
    """One part of the page in Markdown, with its day and machine."""
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    where = " · ".join(filter(None, [dt.date.today().isoformat(), machine, versions, note]))
    return f"{title}\n\n{where}\n\n{ABOUT[title]}{table(found)}"


def write(title: str, text: str) -> None:
    """Put a part in its place on the page; the other part stays as it was measured."""
    kept = PAGE.read_text() if PAGE.is_file() else ""
    work, _, waited = kept.partition(WAITING)
    parts = {WORK: WORK + work.partition(WORK)[2].rstrip() + "\n", WAITING: WAITING + waited.rstrip() + "\n"}
    PAGE.write_text("\n".join([HEAD, *{**parts, title: text}.values()]))


def table(found: list[Row]) -> str:
    """Rows in Markdown."""
    rows = [
        "| What | Figure | Beside it, in the same run | Ratio | Goal | Met |",
        "|---|---|---|---|---|---|",
    ]
    for row in found:
        ratio = f"{row.ratio:.2f}" if row.ratio is not None else ""
        met = "" if row.met is None else "yes" if row.met else "**no**"
        rows.append(f"| {row.what} | {row.figure} | {row.beside} | {ratio} | {row.goal} | {met} |")
    return "\n".join(rows) + "\n"


def measured_work(fraction: float) -> list[Row]:
    """What the pipeline, its jobs, queries and the local endpoint take."""
    loaded = load_pipeline("flight_delays")
    os.environ.update(airflow_environment(loaded.environment, loaded.root))
    ensure_migrated(dict(os.environ))
    found = parse.rows()
    with local_endpoint(loaded, keep=False):
        load_samples(loaded, fraction)
        found += jobs.rows(Clients(loaded.environment).client("sagemaker"))
        found += endpoint.rows(loaded.environment)
        found += pipeline.rows(loaded, fraction)
        found += queries.rows(loaded, fraction)
    return found + objects.rows(fraction)


def main() -> int:
    """Measure, write the page, and say what missed its goal; the exit code."""
    reader = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    reader.add_argument("parts", nargs="*", help="work, waiting; both when left out")
    reader.add_argument("--fraction", type=float, default=1.0, help="share of the flights to use")
    asked = reader.parse_args()
    found: list[Row] = []
    if "work" in (asked.parts or ["work"]):
        worked = measured_work(asked.fraction)
        write(WORK, part(WORK, worked, f"{asked.fraction:.0%} of the 336,776 flights"))
        found += worked
    if "waiting" in (asked.parts or ["waiting"]):
        waited = waiting.rows() + triggerer.rows()
        write(WAITING, part(WAITING, waited))
        found += waited
    print(PAGE.read_text())
    return 1 if any(row.met is False for row in found) else 0


if __name__ == "__main__":
    sys.exit(main())
