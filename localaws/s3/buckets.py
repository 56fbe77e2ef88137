"""Buckets: create, list, look, delete."""

from __future__ import annotations

import json
import re
import time

from localaws.errors import AwsError
from localaws.s3 import documents
from localaws.s3.acl import blocked
from localaws.s3.blobs import Objects
from localaws.s3.errors import not_implemented
from localaws.s3.headers import check_tags
from localaws.s3.listing import whole_number
from localaws.s3.place import Place
from localaws.s3.tagging import BUCKET_LIMIT as TAGS_LIMIT
from localaws.s3.tagging import SETTING as TAGS
from localaws.s3.uploads import Uploads
from localaws.shapes import service_model
from localaws.wire import Request, Response

NAME = re.compile(r"(?!xn--|sthree-|\d+\.\d+\.\d+\.\d+$)[a-z0-9](?:[a-z0-9-]|\.(?!\.))+[a-z0-9]")
REGION_SETTING = "region"
MOST = 10_000  # buckets on one page
ENFORCED = "BucketOwnerEnforced"


class Buckets:
    """The bucket operations without a subresource, and the location."""

    def __init__(self, objects: Objects, region: str, account: str) -> None:
        self._index = objects.index
        self._uploads = Uploads(objects)
        self._database = objects.index.database
        self._region = region
        self._account = account

    def list(self, request: Request, place: Place) -> Response:
        """ListBuckets: all on one page, unless a page size is asked for."""
        query = request.query
        prefix, after = query.get("prefix", ""), query.get("continuation-token", "")
        wanted = query.get("bucket-region")
        sql = "SELECT name, created FROM bucket WHERE name > ? ORDER BY name"
        rows = [
            (name, created, region)
            for name, created in self._database.query(sql, after)
            if name.startswith(prefix) and wanted in (None, region := self._region_of(name))
        ]
        limit = whole_number(query, "max-buckets", MOST)
        if not 1 <= limit <= MOST:
            message = f"Argument max-buckets must be an integer between 1 and {MOST}."
            raise AwsError("InvalidArgument", message, ArgumentName="max-buckets", ArgumentValue=limit)
        buckets: list[documents.Element] = [
            (
                "Bucket",
                [("Name", name), ("CreationDate", documents.iso(created)), ("BucketRegion", region)],
            )
            for name, created, region in rows[:limit]
        ]
        return documents.answer(
            "ListAllMyBucketsResult",
            ("Owner", [("ID", self._account)]),
            ("Buckets", buckets),
            ("ContinuationToken", rows[limit - 1][0] if limit < len(rows) else None),
            ("Prefix", prefix or None),
        )

    def create(self, request: Request, place: Place) -> Response:
        """CreateBucket; creating one's own bucket again is no error in us-east-1, and one elsewhere."""
        name = place.bucket
        if not 3 <= len(name) <= 63 or not NAME.fullmatch(name):
            raise AwsError("InvalidBucketName", "The specified bucket is not valid.", BucketName=name)
        if request.headers.get("x-amz-bucket-object-lock-enabled", "false").lower() == "true":
            raise not_implemented("CreateBucket with ObjectLockEnabledForBucket")
        region, tags = self._configuration(request)
        settings = {REGION_SETTING: region, TAGS: json.dumps(tags) if tags else None, **_ownership(request)}
        with self._database.transaction():
            sql = "INSERT INTO bucket(name, created) VALUES(?, ?) ON CONFLICT DO NOTHING"
            if not self._database.change(sql, name, time.time()):
                if region or self._region_of(name) != self._region:
                    message = (
                        "Your previous request to create the named bucket succeeded and you already own it."
                    )
                    raise AwsError("BucketAlreadyOwnedByYou", message, 409, BucketName=name)
                return Response(200, {"Location": f"/{name}"})
            for setting, value in settings.items():
                if value:
                    self._index.set_setting(name, setting, value)
        return Response(200, {"Location": f"/{name}"})

    def _configuration(self, request: Request) -> tuple[str | None, dict[str, str]]:
        """The region and the tags in the body of a creation."""
        body = request.body.read(documents.BODY_LIMIT)
        if not body:
            return None, {}
        tree = documents.parse_bytes(body)
        if tree.tag != "CreateBucketConfiguration":
            raise documents.malformed()
        for name in ("Location", "Bucket"):
            if tree.find(name) is not None:
                raise not_implemented(f"CreateBucket with {name}")
        region = tree.findtext("LocationConstraint")
        if region == "us-east-1" or (region and region not in _regions()):
            message = "The specified location-constraint is not valid"
            raise AwsError("InvalidLocationConstraint", message, LocationConstraint=region)
        tags = [(tag.findtext("Key") or "", tag.findtext("Value") or "") for tag in tree.iter("Tag")]
        return region or None, dict(check_tags(tags, TAGS_LIMIT))

    def head(self, request: Request, place: Place) -> Response:
        """HeadBucket."""
        self._index.need_bucket(place.bucket)
        return Response(
            200, {"x-amz-bucket-region": self._region_of(place.bucket), "x-amz-access-point-alias": "false"}
        )

    def location(self, request: Request, place: Place) -> Response:
        """GetBucketLocation; empty for us-east-1."""
        self._index.need_bucket(place.bucket)
        region = self._region_of(place.bucket)
        document = documents.render("LocationConstraint")
        if region != "us-east-1":
            document = document.replace(b"></LocationConstraint>", f">{region}</LocationConstraint>".encode())
        return Response(200, {"Content-Type": "application/xml"}, document)

    def delete(self, request: Request, place: Place) -> Response:
        """DeleteBucket, when it is empty; its unfinished uploads go with it."""
        name = place.bucket
        with self._database.transaction():
            self._index.need_bucket(name)
            self._check_empty(name)
            for upload in self._uploads.of_bucket(name):
                self._uploads.drop(upload)
            self._database.change("DELETE FROM bucket_setting WHERE bucket = ?", name)
            self._database.change("DELETE FROM bucket WHERE name = ?", name)
        return Response(204)

    def _check_empty(self, bucket: str) -> None:
        message = "The bucket you tried to delete is not empty"
        for table, more in (("object", ""), ("past", ". You must delete all versions in the bucket.")):
            sql = f"SELECT 1 FROM {table} WHERE bucket = ? LIMIT 1"  # noqa: S608  # one of two names
            if self._database.query(sql, bucket):
                raise AwsError("BucketNotEmpty", message + more, 409, BucketName=bucket)

    def _region_of(self, bucket: str) -> str:
        return self._index.setting(bucket, REGION_SETTING) or self._region


def _regions() -> frozenset[str]:
    """The regions a bucket may be created in."""
    return frozenset(service_model("s3").shape_for("BucketLocationConstraint").enum)


def _ownership(request: Request) -> dict[str, str]:
    """The settings that the headers of a creation ask for: who owns objects, and the bucket's ACL."""
    ownership = request.headers.get("x-amz-object-ownership", ENFORCED)
    if ownership not in (ENFORCED, "BucketOwnerPreferred", "ObjectWriter"):
        message = "Invalid x-amz-object-ownership header"
        raise AwsError(
            "InvalidArgument", message, ArgumentName="x-amz-object-ownership", ArgumentValue=ownership
        )
    if request.headers.get("x-amz-acl", "private") != "private":
        if ownership == ENFORCED:
            message = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
            raise AwsError("InvalidBucketAclWithObjectOwnership", message)
        raise blocked("ACLs", "BlockPublicAcls")
    document = documents.render("OwnershipControls", ("Rule", [("ObjectOwnership", ownership)]))
    return {} if ownership == ENFORCED else {"ownershipControls": document.decode()}
