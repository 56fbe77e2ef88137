"""The mini-batches of AWS's algorithms: a host must have at least one."""

from __future__ import annotations

from localaws.algorithms.errors import CustomerError


def check_batch(rows: int, size: int) -> None:
    """Refuse a mini-batch that is larger than the data, as AWS does.

    Raises:
        CustomerError: It is.
    """
    if rows < size:
        raise CustomerError(
            "No training data processed. Either the training channel is empty or the mini-batch size is too "
            "high. Verify that training data contains non-empty files and the mini-batch size is less than "
            f"the number of records per training host. (mini_batch_size {size}, records {rows})"
        )
