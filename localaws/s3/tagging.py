"""Tags of buckets and objects."""

from __future__ import annotations

import dataclasses
import json

from localaws.errors import AwsError
from localaws.s3 import documents
from localaws.s3.blobs import Objects
from localaws.s3.headers import check_tags
from localaws.s3.place import Place
from localaws.wire import Request, Response

SETTING = "tags"
BUCKET_LIMIT = 50


class Tagging:
    """The tagging operations of both levels."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._database = objects.index.database

    def of_object(self, request: Request, place: Place) -> Response:
        """GetObjectTagging."""
        return _document(self._objects.get(place.bucket, place.key).tags)

    def set_object(self, request: Request, place: Place) -> Response:
        """PutObjectTagging."""
        self._retag(place, dict(check_tags(_pairs(request))))
        return Response(200)

    def clear_object(self, request: Request, place: Place) -> Response:
        """DeleteObjectTagging."""
        self._retag(place, {})
        return Response(204)

    def _retag(self, place: Place, tags: dict[str, str]) -> None:
        with self._database.transaction():
            item = self._objects.get(place.bucket, place.key)
            self._objects.index.publish(dataclasses.replace(item, tags=tags))

    def of_bucket(self, request: Request, place: Place) -> Response:
        """GetBucketTagging."""
        self._objects.index.need_bucket(place.bucket)
        sql = "SELECT body FROM bucket_setting WHERE bucket = ? AND name = ?"
        rows = self._database.query(sql, place.bucket, SETTING)
        if not rows:
            raise AwsError("NoSuchTagSet", "The TagSet does not exist", 404, BucketName=place.bucket)
        return _document(json.loads(rows[0][0]))

    def set_bucket(self, request: Request, place: Place) -> Response:
        """PutBucketTagging."""
        self._objects.index.need_bucket(place.bucket)
        tags = json.dumps(dict(check_tags(_pairs(request), BUCKET_LIMIT)))
        sql = "INSERT OR REPLACE INTO bucket_setting(bucket, name, body) VALUES(?, ?, ?)"
        self._database.change(sql, place.bucket, SETTING, tags)
        return Response(204)

    def clear_bucket(self, request: Request, place: Place) -> Response:
        """DeleteBucketTagging."""
        self._objects.index.need_bucket(place.bucket)
        sql = "DELETE FROM bucket_setting WHERE bucket = ? AND name = ?"
        self._database.change(sql, place.bucket, SETTING)
        return Response(204)


def _pairs(request: Request) -> list[tuple[str, str]]:
    tree = documents.parse(request)
    if tree.tag != "Tagging" or tree.find("TagSet") is None:
        raise documents.malformed()
    return [(tag.findtext("Key") or "", tag.findtext("Value") or "") for tag in tree.iter("Tag")]


def _document(tags: dict[str, str]) -> Response:
    entries: list[documents.Element] = [
        ("Tag", [("Key", key), ("Value", value)]) for key, value in tags.items()
    ]
    return documents.answer("Tagging", ("TagSet", entries))
