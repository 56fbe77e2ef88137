"""Access control lists: kept and given back where a bucket's ownership allows them; never enforced."""

from __future__ import annotations

import re

from localaws.errors import AwsError
from localaws.s3 import documents
from localaws.s3.blobs import Objects
from localaws.s3.index import Index
from localaws.s3.place import Place
from localaws.s3.versions import version_header, version_of
from localaws.wire import Request, Response

SETTING, OWNERSHIP, BLOCK = "acl", "ownershipControls", "publicAccessBlock"
GROUPS = "http://acs.amazonaws.com/groups/global/"
INSTANCE = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type='
EVERYONE, USERS = GROUPS + "AllUsers", GROUPS + "AuthenticatedUsers"
CANNED: dict[str, tuple[tuple[str, str], ...]] = {
    "private": (),
    "bucket-owner-full-control": (),
    "bucket-owner-read": (),
    "public-read": ((EVERYONE, "READ"),),
    "public-read-write": ((EVERYONE, "READ"), (EVERYONE, "WRITE")),
    "authenticated-read": ((USERS, "READ"),),
}
"""The grants of each canned ACL beyond its owner's; ``aws-exec-read`` grants to an account of AWS's own."""
GRANTS = {
    "x-amz-grant-full-control": "FULL_CONTROL",
    "x-amz-grant-read": "READ",
    "x-amz-grant-read-acp": "READ_ACP",
    "x-amz-grant-write": "WRITE",
    "x-amz-grant-write-acp": "WRITE_ACP",
}
GRANTEE = re.compile(r'(id|uri|emailAddress)\s*=\s*"?([^",]+)"?')


def acl_of(index: Index, bucket: str, request: Request) -> str:
    """The ACL an upload names, as a document; empty for the usual one, its owner's full control.

    Raises:
        AwsError: InvalidArgument; AccessControlListNotSupported or AccessDenied where the bucket's settings
            do not let it have that ACL.
    """
    named = request.headers.get("x-amz-acl")
    granted = {name: value for name in GRANTS if (value := request.headers.get(name))}
    if named is not None and named not in CANNED:
        raise AwsError("InvalidArgument", "", ArgumentName="x-amz-acl", ArgumentValue=named)
    if named and granted:
        raise AwsError("InvalidRequest", "Specifying both Canned ACLs and Header Grants is not allowed")
    grants = list(CANNED[named or "private"])
    for name, value in granted.items():
        grants += [(found[2], GRANTS[name]) for found in GRANTEE.finditer(value)]
    if named in (None, "private", "bucket-owner-full-control") and not granted:
        return ""
    check_allowed(index, bucket, public=any(GROUPS in grantee for grantee, _ in grants))
    return " ".join(f"{grantee} {permission}" for grantee, permission in grants)


def check_allowed(index: Index, bucket: str, public: bool) -> None:
    """Refuse an ACL where ownership is the bucket's alone, and a public one where those are blocked."""
    ownership = index.setting(bucket, OWNERSHIP)
    if ownership is None or "BucketOwnerEnforced" in ownership:
        raise AwsError("AccessControlListNotSupported", "The bucket does not allow ACLs")
    block = index.setting(bucket, BLOCK)
    in_the_way = block is None or re.search(r"<BlockPublicAcls>\s*true", block, re.IGNORECASE)
    if public and in_the_way:
        raise blocked("ACLs", "BlockPublicAcls")


def blocked(what: str, setting: str) -> AwsError:
    """What S3 says where a bucket's public access block is in the way."""
    message = f"Access Denied because public {what} are prevented by the {setting} setting in S3 Block Public"
    return AwsError("AccessDenied", f"{message} Access.", 403)


class Acls:
    """The ACL operations of both levels."""

    def __init__(self, objects: Objects, account: str) -> None:
        self._objects = objects
        self._index = objects.index
        self._account = account

    def of_bucket(self, request: Request, place: Place) -> Response:
        """GetBucketAcl."""
        self._index.need_bucket(place.bucket)
        return self._document(self._index.setting(place.bucket, SETTING) or "")

    def set_bucket(self, request: Request, place: Place) -> Response:
        """PutBucketAcl."""
        self._index.need_bucket(place.bucket)
        self._index.set_setting(place.bucket, SETTING, self._asked(request, place))
        return Response(200)

    def of_object(self, request: Request, place: Place) -> Response:
        """GetObjectAcl."""
        item = self._objects.get(place.bucket, place.key, version_of(request))
        response = self._document(item.acl)
        response.headers |= version_header(self._index, item)
        return response

    def set_object(self, request: Request, place: Place) -> Response:
        """PutObjectAcl."""
        acl = self._asked(request, place)
        item = self._objects.amend(place.bucket, place.key, version_of(request), acl=acl)
        return Response(200, version_header(self._index, item))

    def _asked(self, request: Request, place: Place) -> str:
        """The ACL of the headers, or of the body."""
        body = request.body.read(documents.BODY_LIMIT)
        if not body:
            return acl_of(self._index, place.bucket, request)
        tree = documents.parse_bytes(body)
        if tree.tag != "AccessControlPolicy" or tree.find("AccessControlList") is None:
            raise AwsError("MalformedACLError", documents.malformed().message)
        grants = [
            (
                grant.findtext("Grantee/ID") or grant.findtext("Grantee/URI") or "",
                grant.findtext("Permission") or "",
            )
            for grant in tree.iter("Grant")
        ]
        if any(not grantee or permission not in GRANTS.values() for grantee, permission in grants):
            raise AwsError("MalformedACLError", documents.malformed().message)
        others = [(grantee, permission) for grantee, permission in grants if grantee != self._account]
        if others:
            check_allowed(self._index, place.bucket, public=any(GROUPS in grantee for grantee, _ in others))
        return " ".join(f"{grantee} {permission}" for grantee, permission in others)

    def _document(self, acl: str) -> Response:
        words = acl.split()
        grants = [(self._account, "FULL_CONTROL"), *zip(words[::2], words[1::2], strict=True)]
        entries: list[documents.Element] = [
            ("Grant", [_grantee(grantee), ("Permission", permission)]) for grantee, permission in grants
        ]
        owner: documents.Element = ("Owner", [("ID", self._account)])
        return documents.answer("AccessControlPolicy", owner, ("AccessControlList", entries))


def _grantee(name: str) -> documents.Element:
    """Who a grant is for; the kind is an attribute, which clients in typed languages need."""
    if name.startswith("http"):
        return f'Grantee {INSTANCE}"Group"', [("URI", name)]
    return f'Grantee {INSTANCE}"CanonicalUser"', [("ID", name)]
