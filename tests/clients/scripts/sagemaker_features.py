"""The SageMaker SDK ingests DataFrames into feature groups and builds a dataset of them, right at each time."""

from __future__ import annotations

import json
import sys
import time

import pandas as pd
from sagemaker.core.helper.session_helper import Session
from sagemaker.mlops.feature_store import (
    AthenaQuery,
    DatasetBuilder,
    FeatureGroup,
    OfflineStoreConfig,
    OnlineStoreConfig,
    S3StorageConfig,
    create_athena_query,
    ingest_dataframe,
    list_records,
    load_feature_definitions_from_dataframe,
    update_record,
)
from sagemaker.mlops.feature_store.feature_utils import wait_for_athena_query

BUCKET = "sagemaker-us-east-1-123456789012"
ROLE = "arn:aws:iam::123456789012:role/sdk-role"
CUSTOMERS = 400


def create(name: str, frame: pd.DataFrame) -> FeatureGroup:
    """A feature group for a frame's columns."""
    group = FeatureGroup.create(
        feature_group_name=name,
        record_identifier_feature_name="customer",
        event_time_feature_name="at",
        feature_definitions=load_feature_definitions_from_dataframe(frame),
        online_store_config=OnlineStoreConfig(enable_online_store=True, storage_type="Standard_V2"),
        offline_store_config=OfflineStoreConfig(
            s3_storage_config=S3StorageConfig(s3_uri=f"s3://{BUCKET}/features")
        ),
        role_arn=ROLE,
    )
    group.wait_for_status("Created", poll=1)
    return group


def count(query: AthenaQuery, session: Session) -> int:
    """The rows of a group's offline store."""
    sql = f'SELECT count(*) AS found FROM "{query.database}"."{query.table_name}"'
    execution = query.run(sql, f"s3://{BUCKET}/queries")
    wait_for_athena_query(session, execution, poll=0.05)
    return int(query.as_dataframe()["found"][0])


def wait_for_rows(group: FeatureGroup, session: Session, rows: int) -> None:
    """Return once so many records are offline."""
    query = create_athena_query(group.feature_group_name, session)
    while count(query, session) < rows:
        time.sleep(0.1)


def main() -> None:
    """Ingest, read, and print what came back."""
    session = Session(default_bucket=BUCKET)
    session.boto_session.client("s3").create_bucket(Bucket=BUCKET)
    visits = pd.DataFrame({"customer": [1, 1, 2], "at": [100.0, 300.0, 200.0], "paid": [1.5, 2.5, 3.5]})
    profiles = pd.DataFrame(
        {"customer": range(CUSTOMERS), "at": [50.0] * CUSTOMERS, "score": [i / 2 for i in range(CUSTOMERS)]}
    )
    base, scores = create("sdk-visits", visits), create("sdk-scores", profiles)
    ingest_dataframe("sdk-visits", visits)
    ingest_dataframe("sdk-scores", profiles, max_workers=4)
    later = pd.DataFrame({"customer": [1, 2], "at": [250.0, 250.0], "score": [100.0, 200.0]})
    ingest_dataframe("sdk-scores", later, use_batch_write_record=True)
    update_record("sdk-scores", "3", [{"feature_name": "score", "value_as_string": "7.25"}])
    scores.delete_record(record_identifier_value_as_string="4", event_time="60.0")
    wait_for_rows(base, session, 3)
    wait_for_rows(scores, session, CUSTOMERS + 4)

    builder = DatasetBuilder.create(base=base, output_path=f"s3://{BUCKET}/datasets", session=session)
    builder.with_feature_group(scores, included_feature_names=["score"]).point_in_time_accurate_join()
    frame, _ = builder.with_number_of_recent_records_by_record_identifier(1).to_dataframe()
    online = scores.get_record(record_identifier_value_as_string="3")
    json.dump(
        {
            "listed": len(list_records("sdk-scores", max_results=100).record_identifiers),
            "online": {value.feature_name: value.value_as_string for value in online.record},
            "dataset": frame.sort_values("customer").values.tolist(),
            "columns": list(frame.columns),
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
