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


WAITING = """
## Waiting

One real Airflow (scheduler with LocalExecutor, triggerer) and one local endpoint, with the polling of dev
and prod (0.3 s to 30 s). The provider's operators run with their defaults, beside ours and at the same time;
their deferrable mode needs aiobotocore, so both use the boto3 that it admits (bench/requirements.txt).
*Staying* is a worker that waits, *deferring* one that hands over to the triggerer. Alone:
`python -m bench.waiting` and `python -m bench.triggerer`.
"""


def page(found: list[Row], waited: list[Row], fraction: float) -> str:
    """The page in Markdown."""
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    return (
        "# Benchmarks\n\n"
        "Written by `make bench`; every ratio is of two figures measured in the same run.\n\n"
        f"{dt.date.today().isoformat()} · {machine} · {versions} · "
        f"{fraction:.0%} of the 336,776 flights\n\n" + table(found) + WAITING + "\n" + table(waited)
    )


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


def main() -> int:
    """Measure, write the page, and say what missed its goal; the exit code."""
    reader = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    reader.add_argument("--fraction", type=float, default=1.0, help="share of the flights to use")
    fraction = reader.parse_args().fraction
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
    found += objects.rows(fraction)
    PAGE.write_text(page(found, [], fraction))
    waited = waiting.rows() + triggerer.rows()
    text = page(found, waited, fraction)
    PAGE.write_text(text)
    print(text)
    return 1 if any(row.met is False for row in found + waited) else 0


if __name__ == "__main__":
    sys.exit(main())
