"""The time AWS takes where this endpoint takes none: hosts that start, images that load, queues.

The table is of rough medians for small jobs, as users see them on SageMaker and Glue. Without
``--realistic`` every pause is nothing; ``--pace`` scales them.
"""

from __future__ import annotations

import threading
import time

SECONDS = {
    "training.Starting": 60.0,
    "training.Downloading": 30.0,
    "training.Uploading": 10.0,
    "processing.Starting": 120.0,
    "processing.Uploading": 10.0,
    "transform.Starting": 180.0,
    "tuning.Starting": 10.0,
    "featuregroup.Creating": 20.0,
    "endpoint.Creating": 180.0,
    "endpoint.Updating": 180.0,
    "endpoint.Deleting": 5.0,
    "crawler.Running": 45.0,
    "glue.Starting": 15.0,
}
SLICE = 0.1  # seconds between looks at the second of two events


class Pace:
    """Pauses for the time AWS would take, times a factor.

    Args:
        factor: 0 never pauses, 1 is AWS's own pace.
    """

    def __init__(self, factor: float = 0.0) -> None:
        self._factor = factor
        self._stopped = threading.Event()

    def pause(self, stage: str, cancelled: threading.Event | None = None) -> None:
        """Wait as long as AWS takes for a stage; ends at once when cancelled, or when the server stops.

        Raises:
            KeyError: The table has no such stage.
        """
        deadline = time.monotonic() + SECONDS[stage] * self._factor
        while (left := deadline - time.monotonic()) > 0 and not (cancelled and cancelled.is_set()):
            if self._stopped.wait(left if cancelled is None else min(left, SLICE)):
                return

    def stop(self) -> None:
        """End every pause, now and from now on."""
        self._stopped.set()
