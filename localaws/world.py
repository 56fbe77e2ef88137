"""What every service is handed: where it lives, what it remembers, the S3 objects and the logs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from localaws.logstore import LogStore
from localaws.s3.blobs import Objects
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
    """

    state: Path
    url: str
    region: str
    account: str
    store: Store
    objects: Objects
    logs: LogStore

    @classmethod
    def open(cls, state: Path, url: str) -> World:
        """The world kept in a state folder, new or from an earlier run."""
        return cls(
            state=state,
            url=url,
            region=REGION,
            account=ACCOUNT,
            store=Store(state / "state.db"),
            objects=Objects(state),
            logs=LogStore(state / "logs.db"),
        )

    def arn(self, service: str, resource: str) -> str:
        """A resource's name in full: ``arn:aws:<service>:<region>:<account>:<resource>``."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def close(self) -> None:
        """Let go of every file."""
        self.store.close()
        self.objects.close()
        self.logs.close()
