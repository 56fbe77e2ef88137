"""Leave out small orders. Runs in Glue, as a Python shell job."""

from __future__ import annotations

import csv
import io
import sys
from urllib.parse import urlsplit

import boto3
from awsglue.utils import getResolvedOptions

ARGUMENTS = ["least", "table", "database", "foldline_raw", "foldline_output"]


def main(arguments: dict[str, str]) -> int:
    """Write the orders that are large enough; how many there are."""
    s3 = boto3.client("s3")
    source, target = urlsplit(arguments["foldline_raw"]), urlsplit(arguments["foldline_output"])
    prefix = f"{source.path.lstrip('/')}{arguments['table']}/"
    rows = []
    for item in s3.list_objects_v2(Bucket=source.netloc, Prefix=prefix)["Contents"]:
        text = s3.get_object(Bucket=source.netloc, Key=item["Key"])["Body"].read().decode()
        rows += list(csv.DictReader(io.StringIO(text)))
    kept = [row for row in rows if float(row["amount"]) >= float(arguments["least"])]
    body = io.StringIO()
    writer = csv.DictWriter(body, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(kept)
    s3.put_object(
        Bucket=target.netloc, Key=f"{target.path.lstrip('/')}clean.csv", Body=body.getvalue().encode()
    )
    print(f"{len(kept)} of {len(rows)} orders of {arguments['database']} are kept")
    return len(kept)


if __name__ == "__main__":
    main(getResolvedOptions(sys.argv, ARGUMENTS))
