"""The one error a service raises to answer a client with an AWS error."""

from __future__ import annotations


class AwsError(Exception):
    """An error answer in AWS's form; the front renders it in the protocol of the request.

    Attributes:
        code: AWS's error code, for example ``ResourceNotFoundException``.
        message: AWS's text for it.
        status: The HTTP status.
        fields: Extra members of the error body, for example ``{"ResourceName": …}``.
    """

    def __init__(self, code: str, message: str, status: int = 400, **fields: object) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.fields = fields
