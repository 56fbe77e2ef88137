"""The script of the Glue job that Airflow's operator uploads and runs: leaves its mode at a place in S3."""

from __future__ import annotations

import sys

import boto3
from awsglue.utils import getResolvedOptions

args = getResolvedOptions(sys.argv, ["target", "mode"])
bucket, _, key = args["target"].removeprefix("s3://").partition("/")
boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=args["mode"].encode())
print("wrote", args["target"])
