"""Feature groups through boto3, and their offline stores through Athena."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

ROLE = "arn:aws:iam::123456789012:role/features"
SECONDS = 30
DEFINITIONS = {"Id": "Integral", "When": "String", "Amount": "Fractional", "Note": "String"}


@dataclass
class Store:
    """The clients of one endpoint, and a bucket there."""

    sagemaker: Any
    runtime: Any
    athena: Any
    s3: Any
    bucket: str

    def create(self, **changes: Any) -> dict[str, Any]:
        """A new group that is ready: with both stores and four features, unless asked otherwise."""
        name = changes.pop("FeatureGroupName", f"Group-{uuid.uuid4().hex[:8]}")
        self.sagemaker.create_feature_group(**request(name, self.bucket, **changes))
        return self.ready(name)

    def ready(self, name: str) -> dict[str, Any]:
        """A group, once it is no longer being made."""
        return until(
            lambda: self.sagemaker.describe_feature_group(FeatureGroupName=name),
            lambda group: group["FeatureGroupStatus"] != "Creating",
        )

    def put(self, group: dict[str, Any], values: dict[str, Any], **more: Any) -> None:
        """Write a record of the features that have a value."""
        self.runtime.put_record(
            FeatureGroupName=group["FeatureGroupName"],
            Record=[{"FeatureName": name, "ValueAsString": str(value)} for name, value in values.items()],
            **more,
        )

    def get(self, group: dict[str, Any], identifier: object, **more: Any) -> dict[str, str]:
        """A record that is online, by feature; empty when there is none."""
        answer = self.runtime.get_record(
            FeatureGroupName=group["FeatureGroupName"], RecordIdentifierValueAsString=str(identifier), **more
        )
        return {value["FeatureName"]: value["ValueAsString"] for value in answer.get("Record", [])}

    def delete(self, group: dict[str, Any], identifier: object, when: str, **more: Any) -> None:
        """Delete a record."""
        self.runtime.delete_record(
            FeatureGroupName=group["FeatureGroupName"],
            RecordIdentifierValueAsString=str(identifier),
            EventTime=when,
            **more,
        )

    def ask(self, group: dict[str, Any], sql: str) -> list[tuple[str | None, ...]]:
        """What Athena answers about a group's table, which the statement calls ``{table}``."""
        place = group["OfflineStoreConfig"]["DataCatalogConfig"]
        started = self.athena.start_query_execution(
            QueryString=sql.format(table=f'"{place["Database"]}"."{place["TableName"]}"'),
            ResultConfiguration={"OutputLocation": f"s3://{self.bucket}/queries/"},
        )["QueryExecutionId"]
        status = until(
            lambda: self.athena.get_query_execution(QueryExecutionId=started)["QueryExecution"]["Status"],
            lambda status: status["State"] not in ("QUEUED", "RUNNING"),
        )
        assert "SUCCEEDED" == status["State"], status
        rows = self.athena.get_query_results(QueryExecutionId=started)["ResultSet"]["Rows"]
        return [tuple(cell.get("VarCharValue") for cell in row["Data"]) for row in rows[1:]]

    def offline(self, group: dict[str, Any], rows: int, sql: str) -> list[tuple[str | None, ...]]:
        """What Athena answers once so many rows are offline."""
        until(lambda: self.ask(group, "SELECT count(*) FROM {table}"), lambda found: int(found[0][0]) >= rows)
        return self.ask(group, sql)

    def files(self, group: dict[str, Any]) -> list[str]:
        """The keys of a group's offline files, below its data."""
        uri = group["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"]
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        found = self.s3.list_objects_v2(Bucket=bucket, Prefix=prefix + "/").get("Contents", [])
        return [item["Key"].removeprefix(prefix + "/") for item in found]


def request(name: str, bucket: str, **changes: Any) -> dict[str, Any]:
    """A CreateFeatureGroup request; a change of None takes a member away."""
    features = changes.pop("features", DEFINITIONS)
    whole = {
        "FeatureGroupName": name,
        "RecordIdentifierFeatureName": "Id",
        "EventTimeFeatureName": "When",
        "FeatureDefinitions": [{"FeatureName": key, "FeatureType": kind} for key, kind in features.items()],
        "OnlineStoreConfig": {"EnableOnlineStore": True},
        "OfflineStoreConfig": {"S3StorageConfig": {"S3Uri": f"s3://{bucket}/features/"}},
        "RoleArn": ROLE,
        **changes,
    }
    return {member: value for member, value in whole.items() if value is not None}


def until(look: Callable[[], Any], good: Callable[[Any], bool]) -> Any:
    """What a look gives, once it is good."""
    deadline = time.monotonic() + SECONDS
    while not good(found := look()):
        assert time.monotonic() < deadline, found
        time.sleep(0.02)
    return found


@pytest.fixture(scope="session")
def open_store(connect: Callable) -> Callable:
    """Opens the stores of an endpoint: ``open_store(endpoint)``, with a new bucket unless one is named."""

    def make(endpoint: Any, bucket: str | None = None) -> Store:
        services = ("sagemaker", "sagemaker-featurestore-runtime", "athena", "s3")
        clients = [connect(endpoint, service) for service in services]
        name = bucket or f"bucket-{uuid.uuid4().hex[:12]}"
        if bucket is None:
            clients[-1].create_bucket(Bucket=name)
        return Store(*clients, bucket=name)

    return make


@pytest.fixture(scope="session")
def store(open_store: Callable, endpoint: Any) -> Iterator[Store]:
    """The stores of the session's endpoint."""
    return open_store(endpoint)


@pytest.fixture(scope="module")
def group(store: Store) -> dict[str, Any]:
    """One group of a module's own."""
    return store.create()


@pytest.fixture
def identifier() -> str:
    """An identifier of nobody else's."""
    return str(uuid.uuid4().int % 10**12)
