"""awswrangler writes a partitioned dataset, reads it back by Athena in each way, and appends to it."""

from __future__ import annotations

import json
import sys

import awswrangler as wr
import boto3
import pandas as pd

BUCKET, DATABASE = "wrangler-datasets", "wrangler"


def main() -> None:
    """Run it all and print what came out."""
    boto3.client("s3").create_bucket(Bucket=BUCKET)
    wr.catalog.create_database(DATABASE, exist_ok=True)
    path = f"s3://{BUCKET}/flights/"
    frame = pd.DataFrame(
        {
            "id": [1, 2, 3, 4],
            "delay": [1.5, None, 3.0, -2.0],
            "name": ["a", "b", None, "d"],
            "day": pd.to_datetime(["2013-01-01", "2013-01-02", "2013-01-02", "2013-01-03"]),
            "carrier": ["AA", "AA", "UA", "UA"],
        }
    )
    written = wr.s3.to_parquet(
        frame, path, dataset=True, database=DATABASE, table="flights", partition_cols=["carrier"]
    )
    wr.s3.to_parquet(
        frame.assign(id=frame["id"] + 10),
        path,
        dataset=True,
        database=DATABASE,
        table="flights",
        partition_cols=["carrier"],
        mode="append",
    )
    wr.s3.to_parquet(
        frame[frame.carrier == "UA"].assign(id=[33, 44]),
        path,
        dataset=True,
        database=DATABASE,
        table="flights",
        partition_cols=["carrier"],
        mode="overwrite_partitions",
    )
    sql = "SELECT id, delay, name, day, carrier FROM flights ORDER BY id"
    places = {"database": DATABASE, "s3_output": f"s3://{BUCKET}/results/"}
    ways = {
        "plain": wr.athena.read_sql_query(sql, ctas_approach=False, **places),
        "ctas": wr.athena.read_sql_query(sql, ctas_approach=True, **places),
        "unload": wr.athena.read_sql_query(
            sql,
            ctas_approach=False,
            unload_approach=True,
            database=DATABASE,
            s3_output=f"s3://{BUCKET}/unloaded/",  # Athena unloads into empty folders only
        ),
        "bound": wr.athena.read_sql_query(
            "SELECT id FROM flights WHERE carrier = :carrier ORDER BY id",
            params={"carrier": "UA"},
            paramstyle="named",
            ctas_approach=False,
            **places,
        ),
    }
    wr.s3.to_csv(frame, f"s3://{BUCKET}/csv/", dataset=True, database=DATABASE, table="as_csv", index=False)
    made = wr.athena.create_ctas_table(
        "SELECT carrier, count(*) AS n FROM flights GROUP BY carrier",
        ctas_table="counts",
        wait=True,
        **places,
    )
    json.dump(
        {
            "partitions": sorted(written["partitions_values"].values()),
            "types": wr.catalog.get_table_types(DATABASE, "flights"),
            "ids": {name: sorted(found["id"].tolist()) for name, found in ways.items()},
            "nulls": int(ways["plain"]["delay"].isna().sum()),
            "days": sorted({str(day)[:10] for day in ways["ctas"]["day"]}),
            "read": len(wr.s3.read_parquet(path, dataset=True)),
            "filtered": len(
                wr.s3.read_parquet(path, dataset=True, partition_filter=lambda part: part["carrier"] == "UA")
            ),
            "csv": int(
                wr.athena.read_sql_query("SELECT count(*) AS n FROM as_csv", ctas_approach=False, **places).n[
                    0
                ]
            ),
            "ctas": made["ctas_table"],
            "counts": wr.athena.read_sql_table("counts", **places).sort_values("carrier")["n"].tolist(),
            "tables": sorted(wr.catalog.tables(database=DATABASE)["Table"].tolist()),
            "objects": len(wr.s3.list_objects(path)),
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
