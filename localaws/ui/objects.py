"""S3 by bucket and folder, and the beginning of an object as text or rows."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from localaws.errors import AwsError
from localaws.s3.blobs import StoredObject
from localaws.s3.listing import page
from localaws.ui.view import Asker, NotThere, View

ENTRIES, ROWS = 100, 20
HEAD = 32 << 10  # bytes of an object shown


def objects(asker: Asker, path: tuple[str, ...], query: Mapping[str, str]) -> View:
    """All buckets; a folder of ``objects/<bucket>/<prefix>/``; or one object."""
    if not path:
        return View("Buckets", "buckets.html", {"buckets": buckets(asker)})
    bucket, key = path[0], "/".join(path[1:])
    try:
        asker.world.objects.index.need_bucket(bucket)
    except AwsError as error:
        raise NotThere(error.message) from error
    if not key or key.endswith("/"):
        return _folder(asker, bucket, key, query.get("next", ""))
    try:
        item = asker.world.objects.get(bucket, key)
    except AwsError:
        return _folder(asker, bucket, key + "/", query.get("next", ""))
    data = {"bucket": bucket, "key": key, **_about(item), "metadata": item.metadata, "preview": preview(item)}
    return View(key.rpartition("/")[2], "object.html", data)


def buckets(asker: Asker) -> list[str]:
    """Every bucket's name."""
    return asker.world.objects.bucket_names()


def _folder(asker: Asker, bucket: str, prefix: str, after: str) -> View:
    scan = partial(asker.world.objects.index.scan, bucket, prefix)
    found = page(scan, prefix=prefix, delimiter="/", after=after, limit=ENTRIES)
    if prefix and not after and not found.items and not found.prefixes:
        raise NotThere(f"nothing lies at s3://{bucket}/{prefix.rstrip('/')}")
    data = {
        "bucket": bucket,
        "prefix": prefix,
        "folders": [folder.removeprefix(prefix) for folder in found.prefixes],
        "objects": [{"name": item.key.removeprefix(prefix), **_about(item)} for item in found.items],
        "next": found.last,
    }
    return View(f"s3://{bucket}/{prefix}", "folder.html", data)


def _about(item: StoredObject) -> dict[str, Any]:
    return {"size": item.size, "modified": item.modified, "etag": item.etag}


def preview(item: StoredObject) -> dict[str, Any]:
    """The beginning of an object: ``rows`` with ``columns`` of Parquet, else ``text``, else neither."""
    with item.path.open("rb") as file:
        head = file.read(HEAD)
    if head.startswith(b"PAR1"):
        return _parquet(item)
    cut = item.size > len(head)
    if head.startswith(b"\x1f\x8b"):
        try:
            head = zlib.decompressobj(wbits=31).decompress(head, HEAD)
        except (zlib.error, gzip.BadGzipFile):
            return {"kind": "binary"}
        cut = True
    if b"\0" in head:
        return {"kind": "binary"}
    text = head.decode(errors="replace")
    if not cut and item.key.endswith(".json"):
        with suppress(ValueError):  # shown as it is
            text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    return {"kind": "text", "text": text, "cut": cut}


def _parquet(item: StoredObject) -> dict[str, Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(item.path) as file:
            batch = next(file.iter_batches(batch_size=ROWS), None)
            schema, count = file.schema_arrow, file.metadata.num_rows
    except (pa.ArrowInvalid, OSError):
        return {"kind": "binary"}
    columns = [{"name": field.name, "type": str(field.type)} for field in schema]
    rows = (
        [[None if v is None else str(v) for v in row.values()] for row in batch.to_pylist()] if batch else []
    )
    return {"kind": "rows", "columns": columns, "rows": rows, "count": count}
