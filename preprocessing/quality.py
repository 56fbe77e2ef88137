"""Processing step: does the table keep the rules of quality.yaml? Runs in the container.

Inputs: ``settings``, ``table``. Output: ``report/quality.json``. The job succeeds either way: whoever started
it judges ``passed``, so that the findings are there to read when they are bad.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from foldline.folds import Schema
from preprocessing.checks import bounds, is_numeric, nulls, table_checks
from preprocessing.container import JobDir, run
from preprocessing.table import read_table


def quality(job: JobDir) -> None:
    """Write the findings.

    Raises:
        DataError: The table cannot be read or has no rows.
    """
    settings = job.settings()
    table = read_table(job.input("table"))
    checks = list(table_checks(table, settings["quality"], Schema.from_dict(settings["schema"])))
    findings = {
        "rows": table.num_rows,
        "passed": all(check.passed for check in checks if check.severity == "error"),
        "checks": [asdict(check) for check in checks],
        "columns": [column_summary(name, table[name]) for name in table.column_names],
    }
    text = json.dumps(findings, indent=2, allow_nan=False)
    (job.output("report") / "quality.json").write_text(text, "utf-8")
    failed = [check.message for check in checks if not check.passed]
    print(f"{len(checks) - len(failed)} of {len(checks)} checks passed", *failed, sep="\n")  # noqa: T201 - the job's log


def column_summary(name: str, column: pa.ChunkedArray) -> dict[str, Any]:
    """What a reader wants to know of a column first; bounds of numbers and dates, mean of numbers."""
    kind, low, high, mean = column.type, None, None, None
    if is_numeric(kind) or pa.types.is_temporal(kind):
        low, high = bounds(column)
    if is_numeric(kind):
        numbers = pc.cast(column, pa.float64(), safe=False)
        mean = pc.mean(pc.if_else(pc.is_nan(numbers), None, numbers)).as_py()
    return {
        "name": name,
        "type": str(kind),
        "nulls": nulls(column),
        "distinct": pc.count_distinct(column).as_py(),
        "min": _plain(low),
        "max": _plain(high),
        "mean": _plain(mean),
    }


def _plain(value: Any) -> Any:
    """A value as JSON holds it."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.isoformat() if isinstance(value, date) else value


if __name__ == "__main__":
    raise SystemExit(run(quality, "message"))
