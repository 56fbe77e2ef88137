"""PostObject: an upload by a browser's form, under a presigned policy."""

from __future__ import annotations

import io
from dataclasses import replace
from email.message import Message
from urllib.parse import quote, urlencode

from localaws.errors import AwsError
from localaws.s3 import checksums, documents, headers
from localaws.s3.acl import acl_of
from localaws.s3.blobs import Objects
from localaws.s3.encryption import encryption, with_default
from localaws.s3.files import Blob, BlobWriter
from localaws.s3.formdata import FormData
from localaws.s3.formpolicy import check_policy
from localaws.s3.place import KEY_LIMIT, Place
from localaws.s3.rows import StoredObject
from localaws.s3.tagging import pairs
from localaws.s3.versions import version_header
from localaws.wire import Request, Response

SIGNATURES = ("x-amz-signature", "signature")
AS_HEADERS = {"acl": "x-amz-acl"}  # fields that are called otherwise than the header they stand for


class Forms:
    """The upload by form. Its signature is not checked, its policy is."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def post(self, request: Request, place: Place) -> Response:
        """PostObject."""
        index = self._objects.index
        index.need_bucket(place.bucket)
        form = FormData(request.body, request.headers.get("Content-Type", ""))
        fields = form.fields
        key = _key(form)
        sizes = None
        if "policy" in fields:
            if not any(name in fields for name in SIGNATURES):
                raise _missing("X-Amz-Signature")
            sizes = check_policy(fields["policy"], fields | {"key": key}, place.bucket)
        upload = _as_put(request, form)
        kept, metadata = headers.system_headers(upload), headers.user_metadata(upload.headers)
        tagging = fields.get("tagging")
        tags = headers.check_tags(pairs(documents.parse_bytes(tagging.encode()))) if tagging else []
        acl = acl_of(index, place.bucket, upload)
        with self._objects.files.writer() as writer:
            blob, sums = _received(form, upload, writer)
            if sizes:
                sizes.check(blob.size)
            item = self._objects.publish(
                place.bucket,
                key,
                blob,
                metadata=metadata,
                headers=with_default(index, place.bucket, kept),
                tags=dict(tags),
                acl=acl,
                checksums=sums,
            )
        answer = _answer(request, fields, item)
        answer.headers |= encryption(item) | version_header(index, item)
        return answer


def _key(form: FormData) -> str:
    if "key" not in form.fields:
        raise _missing("key")
    key = form.fields["key"].replace("${filename}", form.file_name.rpartition("\\")[2])
    if not key:
        message = "User key must have a length greater than 0."
        raise AwsError("InvalidArgument", message, ArgumentName="key", ArgumentValue="")
    if len(key.encode()) > KEY_LIMIT:
        raise AwsError(
            "KeyTooLongError", "Your key is too long", MaxSizeAllowed=KEY_LIMIT, Size=len(key.encode())
        )
    return key


def _missing(field: str) -> AwsError:
    message = (
        f"Bucket POST must contain a field named '{field}'.  If it is specified, please check the order of "
        "the fields."
    )
    return AwsError("InvalidArgument", message, ArgumentName=field, ArgumentValue="")


def _as_put(request: Request, form: FormData) -> Request:
    """The upload as a PUT would have it: the fields are its headers."""
    message = Message()
    for name, value in form.fields.items():
        message[AS_HEADERS.get(name, name)] = value
    if form.file_type and "Content-Type" not in message:
        message["Content-Type"] = form.file_type
    return replace(request, headers=message, body=io.BufferedReader(io.BytesIO()))


def _received(form: FormData, upload: Request, writer: BlobWriter) -> tuple[Blob, dict[str, str]]:
    """The file as a blob, and its checksum where a field gives one."""
    algorithm = checksums.expected(upload.headers)
    digest = checksums.digest(algorithm) if algorithm else None
    for piece in form.data():
        writer.write(piece)
        if digest:
            digest.update(piece)
    blob = writer.seal()
    if algorithm is None or digest is None:
        return blob, {}
    sums = {algorithm: checksums.encoded(digest.digest())}
    if sums != checksums.given(upload.headers):
        raise checksums.mismatch(algorithm)
    return blob, sums | {"type": checksums.FULL}


def _answer(request: Request, fields: dict[str, str], item: StoredObject) -> Response:
    """What the browser gets: a place to go to, or the status it asked for."""
    host = request.headers.get("Host", "localhost")
    location = f"http://{host}{request.path.rstrip('/')}/{quote(item.key)}"
    found = {"ETag": f'"{item.etag}"', "Location": location}
    target = fields.get("success_action_redirect") or fields.get("redirect")
    if target:
        query = urlencode({"bucket": item.bucket, "key": item.key, "etag": f'"{item.etag}"'})
        return Response(303, found | {"Location": f"{target}{'&' if '?' in target else '?'}{query}"})
    status = fields.get("success_action_status", "204")
    if status == "201":
        answer = documents.answer(
            "PostResponse",
            ("Location", location),
            ("Bucket", item.bucket),
            ("Key", item.key),
            ("ETag", f'"{item.etag}"'),
            headers=found,
        )
        answer.status = 201
        return answer
    return Response(200 if status == "200" else 204, found)
