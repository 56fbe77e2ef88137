"""S3's REST API: which function answers a request, by method, place and subresource."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Any

from localaws.errors import AwsError
from localaws.s3 import documents
from localaws.s3.acl import Acls
from localaws.s3.attributes import Attributes
from localaws.s3.blobs import Objects
from localaws.s3.buckets import Buckets
from localaws.s3.completion import Completion
from localaws.s3.conditions import NotModified
from localaws.s3.copies import Copies
from localaws.s3.deletions import Deletions
from localaws.s3.errors import not_implemented
from localaws.s3.forms import Forms
from localaws.s3.listing import Listing
from localaws.s3.multipart import Multipart
from localaws.s3.objects import ObjectRequests
from localaws.s3.place import Place, check_owner
from localaws.s3.policies import Policies
from localaws.s3.presigned import check_expiry
from localaws.s3.settings import Settings
from localaws.s3.tagging import Tagging
from localaws.s3.versions import Versions
from localaws.shapes import service_model
from localaws.wire import Request, Response

Serve = Callable[[Request, Place], Response]
COPY = "x-amz-copy-source"
VERSIONED = (["acl"], ["tagging"])  # what may be put to a version
SUBRESOURCES = frozenset(
    (  # noqa: SIM905  # one word a line would take a page
        "abac accelerate acl analytics annotation attributes cors delete encryption "
        "intelligent-tiering inventory legal-hold lifecycle location logging metadataAnnotationTable "
        "metadataConfiguration metadataInventoryTable metadataJournalTable metadataTable metrics "
        "notification object-lock ownershipControls policy policyStatus publicAccessBlock renameObject "
        "replication requestPayment restore retention select session tagging torrent uploadId uploads "
        "versioning versions website"
    ).split()
)


class S3Api:
    """S3 over HTTP. What is not in the table is refused by the name of its operation."""

    def __init__(self, objects: Objects, region: str, account: str) -> None:
        self._account = account
        buckets, requests = Buckets(objects, region, account), ObjectRequests(objects)
        multipart, listing = Multipart(objects, account), Listing(objects, account)
        tagging, deletions = Tagging(objects), Deletions(objects)
        versions, acls, policies = Versions(objects, account), Acls(objects, account), Policies(objects)
        self._forms = Forms(objects)
        self._bucket_level: dict[tuple[str, str], Serve] = {
            ("PUT", ""): buckets.create,
            ("HEAD", ""): buckets.head,
            ("DELETE", ""): buckets.delete,
            ("GET", ""): listing.objects,
            ("GET", "location"): buckets.location,
            ("GET", "uploads"): multipart.uploads,
            ("GET", "versions"): versions.list,
            ("GET", "versioning"): versions.status,
            ("PUT", "versioning"): versions.set_status,
            ("POST", "delete"): deletions.delete_many,
            ("POST", ""): self._forms.post,
            ("GET", "tagging"): tagging.of_bucket,
            ("PUT", "tagging"): tagging.set_bucket,
            ("DELETE", "tagging"): tagging.clear_bucket,
            ("GET", "acl"): acls.of_bucket,
            ("PUT", "acl"): acls.set_bucket,
            ("GET", "policy"): policies.get,
            ("PUT", "policy"): policies.put,
            ("DELETE", "policy"): policies.delete,
            ("GET", "policyStatus"): policies.status,
            **Settings(objects).table(),
        }
        self._object_level: dict[tuple[str, str], Serve] = {
            ("PUT", ""): requests.put,
            ("PUT", "copy"): Copies(objects).copy,
            ("GET", ""): requests.get,
            ("HEAD", ""): requests.get,
            ("DELETE", ""): deletions.delete,
            ("GET", "attributes"): Attributes(objects).get,
            ("GET", "tagging"): tagging.of_object,
            ("PUT", "tagging"): tagging.set_object,
            ("DELETE", "tagging"): tagging.clear_object,
            ("GET", "acl"): acls.of_object,
            ("PUT", "acl"): acls.set_object,
            ("POST", "uploads"): multipart.create,
            ("PUT", "uploadId"): multipart.put_part,
            ("PUT", "uploadId copy"): multipart.copy_part,
            ("GET", "uploadId"): multipart.parts,
            ("POST", "uploadId"): Completion(objects).complete,
            ("DELETE", "uploadId"): multipart.abort,
        }
        self._list_buckets = buckets.list

    def answer(self, request: Request) -> Response:
        """The answer to any S3 request.

        Raises:
            AwsError: S3's errors, for ``error`` to render.
        """
        if request.method == "OPTIONS":
            raise AwsError("AccessForbidden", "CORSResponse: CORS is not enabled for this bucket.", 403)
        place = Place.of(request)
        check_expiry(request)
        check_owner(request, self._account)
        try:
            response = self._serve(request, place)(request, place)
        except NotModified as found:
            response = Response(304, found.headers)
        response.headers |= {"x-amz-request-id": uuid.uuid4().hex[:16].upper(), "x-amz-id-2": "localaws"}
        return response

    def error(self, failure: AwsError, request: Request) -> Response:
        """An error in S3's form."""
        return documents.error(failure, request.path)

    def _serve(self, request: Request, place: Place) -> Serve:
        if "/s3express/" in request.headers.get("Authorization", ""):
            raise not_implemented("ListDirectoryBuckets, nor any other operation on directory buckets")
        if not place.bucket:
            if request.method != "GET":
                message = "The specified method is not allowed against this resource."
                raise AwsError("MethodNotAllowed", message, 405, Method=request.method)
            return self._list_buckets
        table = self._object_level if place.key else self._bucket_level
        names = sorted(SUBRESOURCES.intersection(request.query))
        if COPY in request.headers:
            names.append("copy")
        serve = table.get((request.method, " ".join(names)))
        if serve is None:
            raise self._refusal(request, place, names)
        if "versionId" in request.query and request.method in ("PUT", "POST") and names not in VERSIONED:
            message = "This operation does not accept a version-id."
            raise AwsError(
                "InvalidArgument", message, ArgumentName="versionId", ArgumentValue=request.query["versionId"]
            )
        return serve

    def _refusal(self, request: Request, place: Place, names: list[str]) -> AwsError:
        level = "object" if place.key else "bucket"
        what = _operation(request.method, level == "object", names)
        if what is None:
            what = f"{request.method} of {'&'.join(names) or 'nothing named'} on {level} level"
        return not_implemented(what)


def _operation(method: str, has_key: bool, names: Iterable[str]) -> str | None:
    """The operation of S3's service model with this method, level and subresource."""
    model = service_model("s3")
    for name in model.operation_names:
        http: dict[str, Any] = model.operation_model(name).http
        path, _, query = http["requestUri"].partition("?")
        subresources = {piece.partition("=")[0] for piece in query.split("&")} & SUBRESOURCES
        if http["method"] == method and ("{Key+}" in path) == has_key and subresources == set(names):
            return str(name)
    return None
