"""The AWS SDK for pandas (awswrangler)."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.xdist_group("awswrangler")


def test_datasets_are_written_catalogued_and_read_in_each_way(run_script):
    """A partitioned Parquet dataset is appended to, partly overwritten, and read plainly, by CTAS and UNLOAD."""
    found = run_script("awswrangler", "awswrangler_datasets")
    ids = [1, 2, 11, 12, 33, 44]

    assert [["AA"], ["UA"]] == found["partitions"]
    assert {
        "id": "bigint",
        "delay": "double",
        "name": "string",
        "day": "timestamp",
        "carrier": "string",
    } == found["types"]
    assert {"plain": ids, "ctas": ids, "unload": ids, "bound": [33, 44]} == found["ids"]
    assert 2 == found["nulls"]
    assert ["2013-01-01", "2013-01-02", "2013-01-03"] == found["days"]
    assert (6, 2, 4) == (found["read"], found["filtered"], found["csv"])
    assert ("counts", [4, 2]) == (found["ctas"], found["counts"])
    assert ["as_csv", "counts", "flights"] == found["tables"]
    assert 3 == found["objects"]
