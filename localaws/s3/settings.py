"""Bucket settings that are kept and given back, never acted on; and what a bucket says of those refused.

Each may be kept honestly: a lifecycle works in days, encryption at rest is invisible to a client, nothing is
public on a laptop, access logs come within hours if at all. A setting whose effect a client would wait for
(notifications, replication, object lock) is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from localaws.errors import AwsError
from localaws.s3 import documents, settingchecks
from localaws.s3.blobs import Objects
from localaws.s3.place import Place
from localaws.wire import Request, Response

Serve = Callable[[Request, Place], Response]
DELETED = ""  # what is kept of a setting that was deleted, where that differs from a new bucket's


@dataclass(frozen=True)
class Setting:
    """One subresource of a bucket.

    Attributes:
        name: The subresource.
        root: The root element of its document.
        default: What a new bucket answers: a document, or the error that there is none.
        deleted: The error once it was deleted, where that is not the default.
        check: Refuses a document that AWS would refuse.
        deletable: Whether it can be deleted.
    """

    name: str
    root: str
    default: bytes | AwsError
    deleted: AwsError | None = None
    check: Callable[[Element], None] | None = None
    deletable: bool = True


SETTINGS = (
    Setting(
        "lifecycle",
        "LifecycleConfiguration",
        AwsError("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist", 404),
        check=settingchecks.lifecycle,
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
        check=settingchecks.encryption,
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
        deleted=AwsError(
            "NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found", 404
        ),
    ),
    Setting(
        "ownershipControls",
        "OwnershipControls",
        documents.render("OwnershipControls", ("Rule", [("ObjectOwnership", "BucketOwnerEnforced")])),
        deleted=AwsError(
            "OwnershipControlsNotFoundError", "The bucket ownership controls were not found", 404
        ),
        check=settingchecks.ownership,
    ),
    Setting(
        "cors",
        "CORSConfiguration",
        AwsError("NoSuchCORSConfiguration", "The CORS configuration does not exist", 404),
        check=settingchecks.cors,
    ),
    Setting(
        "website",
        "WebsiteConfiguration",
        AwsError(
            "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration", 404
        ),
        check=settingchecks.website,
    ),
    Setting("logging", "BucketLoggingStatus", documents.render("BucketLoggingStatus"), deletable=False),
    Setting(
        "accelerate",
        "AccelerateConfiguration",
        documents.render("AccelerateConfiguration"),
        check=settingchecks.accelerate,
        deletable=False,
    ),
    Setting(
        "requestPayment",
        "RequestPaymentConfiguration",
        documents.render("RequestPaymentConfiguration", ("Payer", "BucketOwner")),
        check=settingchecks.payer,
        deletable=False,
    ),
    Setting(
        "notification",
        "NotificationConfiguration",
        documents.render("NotificationConfiguration"),
        check=settingchecks.notification,
        deletable=False,
    ),
)
FIXED: dict[str, bytes | AwsError] = {
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

    def table(self) -> dict[tuple[str, str], Serve]:
        """The functions by method and subresource."""
        found = {("GET", name): self._getter(Setting(name, "", answer)) for name, answer in FIXED.items()}
        for setting in SETTINGS:
            found["GET", setting.name] = self._getter(setting)
            found["PUT", setting.name] = self._setter(setting)
            if setting.deletable:
                found["DELETE", setting.name] = self._deleter(setting)
        return found

    def _getter(self, setting: Setting) -> Serve:
        def get(request: Request, place: Place) -> Response:
            self._index.need_bucket(place.bucket)
            body = self._index.setting(place.bucket, setting.name)
            if body:
                return _document(body.encode())
            answer = setting.deleted if body == DELETED and setting.deleted else setting.default
            if isinstance(answer, AwsError):
                raise AwsError(answer.code, answer.message, answer.status, BucketName=place.bucket)
            return _document(answer)

        return get

    def _setter(self, setting: Setting) -> Serve:
        def put(request: Request, place: Place) -> Response:
            self._index.need_bucket(place.bucket)
            body = request.body.read(documents.BODY_LIMIT)
            tree = documents.parse_bytes(body)
            if tree.tag != setting.root:
                raise documents.malformed()
            if setting.check:
                setting.check(tree)
            if setting.name == "logging":
                self._check_log_target(tree)
            self._index.set_setting(place.bucket, setting.name, body.decode())
            return Response(200)

        return put

    def _check_log_target(self, tree: Element) -> None:
        target = tree.findtext("LoggingEnabled/TargetBucket")
        exists = target is None or self._index.database.query("SELECT 1 FROM bucket WHERE name = ?", target)
        if not exists:
            message = "The target bucket for logging does not exist"
            raise AwsError("InvalidTargetBucketForLogging", message, TargetBucket=target)

    def _deleter(self, setting: Setting) -> Serve:
        def delete(request: Request, place: Place) -> Response:
            self._index.need_bucket(place.bucket)
            if setting.deleted:
                self._index.set_setting(place.bucket, setting.name, DELETED)
            else:
                self._index.clear_setting(place.bucket, setting.name)
            return Response(204)

        return delete


def _document(body: bytes) -> Response:
    return Response(200, {"Content-Type": "application/xml"}, body)
