"""A training job as an algorithm's program finds it under ``/opt/ml``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localaws.algorithms.errors import CustomerError

FAILED = "Unable to initialize the algorithm. Failed to validate input data configuration."


@dataclass(frozen=True)
class Channel:
    """One input channel.

    Attributes:
        name: ``train``, ``validation`` or ``test``.
        folder: Where its files are.
        content_type: As the request says; empty when it does not.
    """

    name: str
    folder: Path
    content_type: str

    @property
    def files(self) -> list[Path]:
        """Its files in order; hidden ones and empty ones are left out.

        Raises:
            CustomerError: There are none.
        """
        found = sorted(
            path
            for path in self.folder.rglob("*")
            if path.is_file() and not path.name.startswith((".", "_")) and path.stat().st_size
        )
        if not found:
            raise CustomerError(f"the channel {self.name!r} holds no data")
        return found


@dataclass(frozen=True)
class Job:
    """One host's part of a training job.

    Attributes:
        root: What ``/opt/ml`` is.
        host: This host's name.
        given: The hyperparameters as text.
        channels: By name.
    """

    root: Path
    host: str
    given: Mapping[str, str]
    channels: Mapping[str, Channel]

    @classmethod
    def at(cls, root: Path) -> Job:
        """The job whose files lie in a folder.

        Raises:
            CustomerError: Its data is spread over hosts, which these algorithms do not bring together.
        """
        inputs: dict[str, Any] = json.loads((root / "input/config/inputdataconfig.json").read_text())
        resources = json.loads((root / "input/config/resourceconfig.json").read_text())
        spread = [name for name, one in inputs.items() if one["S3DistributionType"] == "ShardedByS3Key"]
        if len(resources["hosts"]) > 1 and spread:
            raise CustomerError(
                f"the channels {', '.join(spread)} are ShardedByS3Key over {len(resources['hosts'])} hosts; "
                "the local algorithms train every host by itself: use FullyReplicated or one instance"
            )
        channels = {
            name: Channel(name, root / "input" / "data" / name, one.get("ContentType", ""))
            for name, one in inputs.items()
        }
        given = json.loads((root / "input/config/hyperparameters.json").read_text())
        return cls(root, resources["current_host"], given, channels)

    @property
    def model(self) -> Path:
        """The folder of the model's files."""
        return self.root / "model"

    def require(self, known: Sequence[str]) -> None:
        """Check the channels: ``train`` is there, and none that the algorithm does not know.

        Raises:
            CustomerError: Otherwise.
        """
        problems = [
            f"Additional properties are not allowed ({name!r} was unexpected)"
            for name in self.channels
            if name not in known
        ]
        if "train" not in self.channels:
            problems.append("'train' is a required property")
        if problems:
            raise CustomerError(f"{FAILED} (caused by ValidationError)\n\nCaused by: " + "; ".join(problems))
