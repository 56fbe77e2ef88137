"""Tags of buckets and objects."""

from __future__ import annotations

import json
from xml.etree.ElementTree import Element

from localaws.errors import AwsError
from localaws.s3 import documents
from localaws.s3.blobs import Objects
from localaws.s3.headers import check_tags
from localaws.s3.place import Place
from localaws.s3.versions import version_header, version_of
from localaws.wire import Request, Response

SETTING = "tags"
BUCKET_LIMIT = 50


class Tagging:
    """The tagging operations of both levels."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def of_object(self, request: Request, place: Place) -> Response:
        """GetObjectTagging."""
        item = self._objects.get(place.bucket, place.key, version_of(request))
        return _document(item.tags, version_header(self._objects.index, item))

    def set_object(self, request: Request, place: Place) -> Response:
        """PutObjectTagging."""
        return self._retag(request, place, dict(check_tags(_pairs(request))), 200)

    def clear_object(self, request: Request, place: Place) -> Response:
        """DeleteObjectTagging."""
        return self._retag(request, place, {}, 204)

    def _retag(self, request: Request, place: Place, tags: dict[str, str], status: int) -> Response:
        item = self._objects.amend(place.bucket, place.key, version_of(request), tags=tags)
        return Response(status, version_header(self._objects.index, item))

    def of_bucket(self, request: Request, place: Place) -> Response:
        """GetBucketTagging."""
        self._objects.index.need_bucket(place.bucket)
        tags = self._objects.index.setting(place.bucket, SETTING)
        if tags is None:
            raise AwsError("NoSuchTagSet", "The TagSet does not exist", 404, BucketName=place.bucket)
        return _document(json.loads(tags))

    def set_bucket(self, request: Request, place: Place) -> Response:
        """PutBucketTagging."""
        self._objects.index.need_bucket(place.bucket)
        tags = json.dumps(dict(check_tags(_pairs(request), BUCKET_LIMIT)))
        self._objects.index.set_setting(place.bucket, SETTING, tags)
        return Response(204)

    def clear_bucket(self, request: Request, place: Place) -> Response:
        """DeleteBucketTagging."""
        self._objects.index.need_bucket(place.bucket)
        self._objects.index.clear_setting(place.bucket, SETTING)
        return Response(204)


def _pairs(request: Request) -> list[tuple[str, str]]:
    return pairs(documents.parse(request))


def pairs(tree: Element) -> list[tuple[str, str]]:
    """The tags of a document.

    Raises:
        AwsError: MalformedXML.
    """
    if tree.tag != "Tagging" or tree.find("TagSet") is None:
        raise documents.malformed()
    return [(tag.findtext("Key") or "", tag.findtext("Value") or "") for tag in tree.iter("Tag")]


def _document(tags: dict[str, str], headers: dict[str, str] | None = None) -> Response:
    entries: list[documents.Element] = [
        ("Tag", [("Key", key), ("Value", value)]) for key, value in tags.items()
    ]
    return documents.answer("Tagging", ("TagSet", entries), headers=headers)
