"""Encryption at rest, as far as a client sees it: which kind an object says it has."""

from __future__ import annotations

from localaws.s3 import documents
from localaws.s3.index import Index
from localaws.s3.rows import StoredObject

HEADER = "x-amz-server-side-encryption"
KEY_HEADER = "x-amz-server-side-encryption-aws-kms-key-id"
SETTING = "encryption"


def encryption(item: StoredObject) -> dict[str, str]:
    """The headers that name an object's encryption."""
    given = {name: value for name, value in item.headers.items() if name.startswith(HEADER)}
    return given or {HEADER: "AES256"}


def with_default(index: Index, bucket: str, headers: dict[str, str]) -> dict[str, str]:
    """An upload's headers, with the bucket's encryption where the upload names none."""
    if HEADER in headers or (body := index.setting(bucket, SETTING)) is None:
        return headers
    rule = documents.parse_bytes(body.encode()).find("Rule/ApplyServerSideEncryptionByDefault")
    algorithm = rule.findtext("SSEAlgorithm") if rule is not None else None
    if rule is None or algorithm in (None, "AES256"):
        return headers
    key = rule.findtext("KMSMasterKeyID")
    return headers | {HEADER: algorithm or ""} | ({KEY_HEADER: key} if key else {})
