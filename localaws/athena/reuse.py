"""Result reuse: the result of an earlier run of the same query, where the request allows one of some age."""

from __future__ import annotations

import time

from localaws.athena.records import KIND
from localaws.errors import AwsError
from localaws.glue.catalog import Document
from localaws.s3.blobs import split_uri
from localaws.world import World

DEFAULT_MINUTES = 60
ALIKE = ("Query", "WorkGroup", "QueryExecutionContext", "ExecutionParameters", "Prepared", "Values", "Folder")


def earlier_result(query: Document, world: World) -> Document | None:
    """What a query that reuses a result takes over from the query that made it; None when it must run.

    As in Athena the data are not looked at: a result that is young enough is taken though its tables have
    changed since. The query then has the earlier one's result location and has scanned nothing.

    Args:
        query: The document of a query that allows reuse, or does not.
        world: The store of queries, and S3, where the result must still lie.
    """
    wish = query["ResultReuseConfiguration"]["ResultReuseByAgeConfiguration"]
    if not wish.get("Enabled") or query["SubstatementType"] != "SELECT":
        return None
    oldest = time.time() - 60 * wish.get("MaxAgeInMinutes", DEFAULT_MINUTES)
    for other in reversed(world.store.all(KIND)):
        status = other["Status"]
        if status["State"] != "SUCCEEDED" or status["CompletionDateTime"] < oldest:
            continue
        if other["Statistics"]["ResultReuseInformation"]["ReusedPreviousResult"]:
            continue
        if all(query.get(name) == other.get(name) for name in ALIKE) and _lies(other, world):
            return {
                "ResultConfiguration": other["ResultConfiguration"],
                "Columns": other["Columns"],
                "HasBody": other["HasBody"],
                "Written": other["Written"],
                "Statistics": {
                    "DataScannedInBytes": 0,
                    "ResultReuseInformation": {"ReusedPreviousResult": True},
                },
            }
    return None


def _lies(query: Document, world: World) -> bool:
    try:
        world.objects.get(*split_uri(query["ResultConfiguration"]["OutputLocation"]))
    except AwsError:
        return False
    return True
