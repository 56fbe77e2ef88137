"""Deletions of objects and of versions: one, or up to a thousand in one request."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from localaws.errors import AwsError
from localaws.s3 import checksums, documents
from localaws.s3.blobs import Objects
from localaws.s3.conditions import check_delete
from localaws.s3.errors import not_implemented
from localaws.s3.index import Removed
from localaws.s3.place import KEY_LIMIT, Place
from localaws.s3.versions import check_version, version_of
from localaws.wire import Request, Response

MANY = 1000
DIRECTORY_ONLY = ("x-amz-if-match-last-modified-time", "x-amz-if-match-size")


class Deletions:
    """DeleteObject and DeleteObjects."""

    def __init__(self, objects: Objects) -> None:
        self._index = objects.index

    def delete(self, request: Request, place: Place) -> Response:
        """DeleteObject; nothing to delete is no error."""
        for header in DIRECTORY_ONLY:
            if header in request.headers:
                message = "A header you provided implies functionality that is not implemented"
                raise AwsError("NotImplemented", message, 501, Header=header)
        removed = self._remove(place.bucket, place.key, version_of(request), request.headers.get("If-Match"))
        self._index.collect()
        headers = {"x-amz-version-id": removed.version} if removed.version else {}
        return Response(204, headers | ({"x-amz-delete-marker": "true"} if removed.marker else {}))

    def delete_many(self, request: Request, place: Place) -> Response:
        """DeleteObjects: up to 1,000 keys or versions, each with its own outcome."""
        self._index.need_bucket(place.bucket)
        if "Content-MD5" not in request.headers and not checksums.given(request.headers):
            raise AwsError("InvalidRequest", "Missing required header for this request: Content-MD5")
        tree = documents.parse(request)
        entries = tree.findall("Object")
        if tree.tag != "Delete" or not 0 < len(entries) <= MANY:
            raise documents.malformed()
        if not all(entry.findtext("Key") for entry in entries):
            raise AwsError("UserKeyMustBeSpecified", "The specified key must not be empty.")
        quiet = (tree.findtext("Quiet") or "false").lower() == "true"
        with self._index.database.transaction():
            outcomes = [self._outcome(place.bucket, entry) for entry in entries]
        self._index.collect()
        return documents.answer(
            "DeleteResult", *[found for found in outcomes if not (quiet and found[0] == "Deleted")]
        )

    def _outcome(self, bucket: str, entry: Element) -> documents.Element:
        """What became of one entry of a request."""
        key, version = entry.findtext("Key") or "", entry.findtext("VersionId")
        try:
            if len(key.encode()) > KEY_LIMIT:
                raise AwsError("KeyTooLongError", "Your key is too long")
            for name in ("LastModifiedTime", "Size"):
                if entry.find(name) is not None:
                    raise not_implemented(f"DeleteObjects with {name}")
            removed = self._remove(bucket, key, version and check_version(version), entry.findtext("ETag"))
        except AwsError as error:
            code = "NoSuchVersion" if error.fields.get("ArgumentName") == "versionId" else error.code
            return (
                "Error",
                [("Key", key), ("VersionId", version), ("Code", code), ("Message", error.message)],
            )
        made = removed.version if removed.marker else None
        children: list[documents.Element] = [("Key", key), ("VersionId", version)]
        children += [("DeleteMarker", removed.marker or None), ("DeleteMarkerVersionId", made)]
        return "Deleted", children

    def _remove(self, bucket: str, key: str, version: str | None, match: str | None) -> Removed:
        with self._index.database.transaction():
            if match is not None:
                check_delete(match, key, self._index.find(bucket, key))
            self._index.need_bucket(bucket)
            if version is None:
                return self._index.delete(bucket, key)
            return self._index.delete_version(bucket, key, version)
