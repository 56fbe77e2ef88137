"""What a user's request or data did wrong, in an algorithm's program."""

from __future__ import annotations

EXIT_CODE = 2  # what AWS's algorithms exit with for the customer's errors; their others are 1


class CustomerError(Exception):
    """The hyperparameters, the channels or the data are not what the algorithm takes."""
