"""How the shim says that it has not something."""

from __future__ import annotations


def refused(what: str) -> NotImplementedError:
    """The error that names what is not there."""
    return NotImplementedError(f"localaws does not implement {what} of awsglue")
