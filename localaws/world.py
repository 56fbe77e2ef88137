"""What every service is handed: where it lives, what it remembers, the S3 objects and the logs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from localaws.cloudwatch.metrics import Metrics
from localaws.faults.rules import Faults
from localaws.logstore import LogStore
from localaws.pace import Pace
from localaws.s3.blobs import Objects
from localaws.sagemaker.featurestore.record_store import RecordStore
from localaws.store import Store

REGION = "us-east-1"
ACCOUNT = "123456789012"


@dataclass(frozen=True)
class World:
    """The services' common ground; one for each server process.

    Attributes:
        state: The folder everything durable lives in.
        url: The endpoint's own address, for the programs it starts.
        region: The one region it plays.
        account: The one account it plays.
        store: Durable JSON documents.
        objects: S3's objects, in process and without copies.
        logs: CloudWatch's log streams, in process.
        metrics: CloudWatch's metrics, in process.
        faults: The faults asked for, by rules.
        features: Feature Store's records, in process.
        pace: Pauses for the time AWS would take, when asked to be realistic.
    """

    state: Path
    url: str
    region: str
    account: str
    store: Store
    objects: Objects
    logs: LogStore
    metrics: Metrics
    faults: Faults
    features: RecordStore
    pace: Pace

    @classmethod
    def open(cls, state: Path, url: str, pace: float = 0.0) -> World:
        """The world kept in a state folder, new or from an earlier run."""
        store = Store(state / "state.db")
        return cls(
            state=state,
            url=url,
            region=REGION,
            account=ACCOUNT,
            store=store,
            objects=Objects(state),
            logs=LogStore(state / "logs.db"),
            metrics=Metrics(state / "metrics.db"),
            faults=Faults(store),
            features=RecordStore(state / "features.db"),
            pace=Pace(pace),
        )

    def arn(self, service: str, resource: str) -> str:
        """A resource's name in full: ``arn:aws:<service>:<region>:<account>:<resource>``."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def close(self) -> None:
        """Let go of every file."""
        self.store.close()
        self.objects.close()
        self.logs.close()
        self.metrics.close()
        self.features.close()
