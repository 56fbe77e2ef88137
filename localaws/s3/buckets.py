"""Buckets: create, list, look, delete."""

from __future__ import annotations

import re
import time

from localaws.errors import AwsError
from localaws.s3 import documents
from localaws.s3.blobs import Objects
from localaws.s3.listing import page_size
from localaws.s3.place import Place
from localaws.s3.uploads import Uploads
from localaws.wire import Request, Response

NAME = re.compile(r"(?!xn--|sthree-|\d+\.\d+\.\d+\.\d+$)[a-z0-9](?:[a-z0-9-]|\.(?!\.))+[a-z0-9]")
REGION_SETTING = "region"


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
        rows = self._database.query("SELECT name, created FROM bucket WHERE name > ? ORDER BY name", after)
        rows = [row for row in rows if row[0].startswith(prefix)]
        limit = page_size(query, "max-buckets") if "max-buckets" in query else len(rows)
        buckets: list[documents.Element] = [
            (
                "Bucket",
                [
                    ("Name", name),
                    ("CreationDate", documents.iso(created)),
                    ("BucketRegion", self._region_of(name)),
                ],
            )
            for name, created in rows[:limit]
        ]
        return documents.answer(
            "ListAllMyBucketsResult",
            ("Owner", [("ID", self._account)]),
            ("Buckets", buckets),
            ("ContinuationToken", rows[limit - 1][0] if limit < len(rows) else None),
            ("Prefix", prefix or None),
        )

    def create(self, request: Request, place: Place) -> Response:
        """CreateBucket; creating one's own bucket again is no error, as in us-east-1."""
        name = place.bucket
        if not 3 <= len(name) <= 63 or not NAME.fullmatch(name):
            raise AwsError("InvalidBucketName", "The specified bucket is not valid.", BucketName=name)
        if request.headers.get("x-amz-bucket-object-lock-enabled", "false").lower() == "true":
            raise AwsError("NotImplemented", "localaws does not implement s3 buckets with object lock", 501)
        body = request.body.read(documents.BODY_LIMIT)
        region = documents.parse_bytes(body).findtext("LocationConstraint") if body else None
        if region == "us-east-1":
            message = "The specified location-constraint is not valid"
            raise AwsError("InvalidLocationConstraint", message, LocationConstraint=region)
        with self._database.transaction():
            sql = "INSERT INTO bucket(name, created) VALUES(?, ?) ON CONFLICT DO NOTHING"
            if self._database.change(sql, name, time.time()) and region:
                self._database.change(
                    "INSERT INTO bucket_setting(bucket, name, body) VALUES(?, ?, ?)",
                    name,
                    REGION_SETTING,
                    region,
                )
        return Response(200, {"Location": f"/{name}"})

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
            if self._database.query("SELECT 1 FROM object WHERE bucket = ? LIMIT 1", name):
                message = "The bucket you tried to delete is not empty"
                raise AwsError("BucketNotEmpty", message, 409, BucketName=name)
            for upload in self._uploads.of_bucket(name):
                self._uploads.drop(upload)
            self._database.change("DELETE FROM bucket_setting WHERE bucket = ?", name)
            self._database.change("DELETE FROM bucket WHERE name = ?", name)
        return Response(204)

    def access(self, request: Request, place: Place) -> Response:
        """GetBucketAcl: its owner's, as of every bucket that takes no ACLs."""
        self._index.need_bucket(place.bucket)
        grantee: documents.Element = ("Grantee", [("ID", self._account)])
        grant: documents.Element = ("Grant", [grantee, ("Permission", "FULL_CONTROL")])
        owner: documents.Element = ("Owner", [("ID", self._account)])
        return documents.answer("AccessControlPolicy", owner, ("AccessControlList", [grant]))

    def object_access(self, request: Request, place: Place) -> Response:
        """GetObjectAcl: the same for an object that exists."""
        if self._index.find(place.bucket, place.key) is None:
            raise AwsError("NoSuchKey", "The specified key does not exist.", 404, Key=place.key)
        return self.access(request, place)

    def _region_of(self, bucket: str) -> str:
        sql = "SELECT body FROM bucket_setting WHERE bucket = ? AND name = ?"
        rows = self._database.query(sql, bucket, REGION_SETTING)
        return str(rows[0][0]) if rows else self._region
