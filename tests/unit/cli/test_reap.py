"""Reading what Airflow's commands print."""

from __future__ import annotations

import pytest

from foldline.cli.reap import rows_in


@pytest.mark.parametrize(
    ("printed", "rows"),
    [
        ('[{"run_id": "a"}]\n', [{"run_id": "a"}]),
        ('2026 [warning  ] slow\n[info] began\n[{"run_id": "a"}]\n', [{"run_id": "a"}]),
        ('[\n  {\n    "run_id": "a"\n  }\n]\n', [{"run_id": "a"}]),
        ("[]\n", []),
        ("No data found\n", None),
        ("", None),
    ],
    ids=["alone", "behind log lines", "over several lines", "no rows", "a sentence", "nothing"],
)
def test_rows_are_found_behind_what_airflow_logs(printed: str, rows: list[dict[str, str]] | None) -> None:
    """
    What holds no rows is nothing known, which is not the same as no rows.
    """
    assert rows == rows_in(printed)
