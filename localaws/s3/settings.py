"""Bucket settings that are kept and given back (lifecycle, encryption, public access block); fixed defaults.

What is kept here is never acted on, and each may be so honestly: a lifecycle works in days, encryption at
rest is invisible to a client, nothing is public on a laptop. A setting that would change answers is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from localaws.errors import AwsError
from localaws.s3 import documents
from localaws.s3.blobs import Objects
from localaws.s3.place import Place
from localaws.wire import Request, Response

Serve = Callable[[Request, Place], Response]


@dataclass(frozen=True)
class Setting:
    """One subresource of a bucket.

    Attributes:
        name: The subresource.
        root: The root element of its document.
        default: What a new bucket answers: a document, or the error that there is none.
    """

    name: str
    root: str
    default: bytes | AwsError


SETTINGS = (
    Setting(
        "lifecycle",
        "LifecycleConfiguration",
        AwsError("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist", 404),
    ),
    Setting(
        "encryption",
        "ServerSideEncryptionConfiguration",
        documents.render(
            "ServerSideEncryptionConfiguration",
            (
                "Rule",
                [
                    ("ApplyServerSideEncryptionByDefault", [("SSEAlgorithm", "AES256")]),
                    ("BucketKeyEnabled", False),
                ],
            ),
        ),
    ),
    Setting(
        "publicAccessBlock",
        "PublicAccessBlockConfiguration",
        documents.render(
            "PublicAccessBlockConfiguration",
            ("BlockPublicAcls", True),
            ("IgnorePublicAcls", True),
            ("BlockPublicPolicy", True),
            ("RestrictPublicBuckets", True),
        ),
    ),
)
FIXED: dict[str, bytes | AwsError] = {
    "versioning": documents.render("VersioningConfiguration"),
    "ownershipControls": documents.render(
        "OwnershipControls", ("Rule", [("ObjectOwnership", "BucketOwnerEnforced")])
    ),
    "accelerate": documents.render("AccelerateConfiguration"),
    "logging": documents.render("BucketLoggingStatus"),
    "notification": documents.render("NotificationConfiguration"),
    "requestPayment": documents.render("RequestPaymentConfiguration", ("Payer", "BucketOwner")),
    "policy": AwsError("NoSuchBucketPolicy", "The bucket policy does not exist", 404),
    "cors": AwsError("NoSuchCORSConfiguration", "The CORS configuration does not exist", 404),
    "website": AwsError(
        "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration", 404
    ),
    "replication": AwsError(
        "ReplicationConfigurationNotFoundError", "The replication configuration was not found", 404
    ),
    "object-lock": AwsError(
        "ObjectLockConfigurationNotFoundError",
        "Object Lock configuration does not exist for this bucket",
        404,
    ),
}
"""What a bucket says of the settings that cannot be changed here: as a new one does on AWS."""


class Settings:
    """The operations on bucket settings."""

    def __init__(self, objects: Objects) -> None:
        self._index = objects.index
        self._database = objects.index.database

    def table(self) -> dict[tuple[str, str], Serve]:
        """The functions by method and subresource."""
        found = {("GET", name): self._getter(Setting(name, "", answer)) for name, answer in FIXED.items()}
        for setting in SETTINGS:
            found["GET", setting.name] = self._getter(setting)
            found["PUT", setting.name] = self._setter(setting)
            found["DELETE", setting.name] = self._deleter(setting)
        return found

    def _getter(self, setting: Setting) -> Serve:
        def get(request: Request, place: Place) -> Response:
            self._index.need_bucket(place.bucket)
            sql = "SELECT body FROM bucket_setting WHERE bucket = ? AND name = ?"
            rows = self._database.query(sql, place.bucket, setting.name)
            if rows:
                return _document(rows[0][0].encode())
            if isinstance(setting.default, AwsError):
                error = setting.default
                raise AwsError(error.code, error.message, error.status, BucketName=place.bucket)
            return _document(setting.default)

        return get

    def _setter(self, setting: Setting) -> Serve:
        def put(request: Request, place: Place) -> Response:
            self._index.need_bucket(place.bucket)
            body = request.body.read(documents.BODY_LIMIT)
            if documents.parse_bytes(body).tag != setting.root:
                raise documents.malformed()
            sql = "INSERT OR REPLACE INTO bucket_setting(bucket, name, body) VALUES(?, ?, ?)"
            self._database.change(sql, place.bucket, setting.name, body.decode())
            return Response(200)

        return put

    def _deleter(self, setting: Setting) -> Serve:
        def delete(request: Request, place: Place) -> Response:
            self._index.need_bucket(place.bucket)
            sql = "DELETE FROM bucket_setting WHERE bucket = ? AND name = ?"
            self._database.change(sql, place.bucket, setting.name)
            return Response(204)

        return delete


def _document(body: bytes) -> Response:
    return Response(200, {"Content-Type": "application/xml"}, body)
