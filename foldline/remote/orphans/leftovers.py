"""What runs left in S3: staged data, and multipart uploads that nobody completed."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from foldline.layout import STAGING, PipelineLayout, S3Uri
from foldline.reaping import Staging, Upload
from foldline.remote.calls import error_code
from foldline.remote.paging import OBJECTS, UPLOADS, PacedLists, moment


@dataclass(frozen=True)
class Leftovers:
    """Looks below the prefixes of pipelines.

    Attributes:
        client: boto3 S3 client.
        lists: Reads lists.
        bucket: The environment's bucket.
        account: Account that must own it.
    """

    client: Any
    lists: PacedLists
    bucket: str
    account: str

    def exists(self) -> bool:
        """Whether there is a bucket; before an environment's first run there may be none."""
        try:
            self.client.head_bucket(Bucket=self.bucket, ExpectedBucketOwner=self.account)
        except Exception as error:
            if error_code(error) in ("404", "NoSuchBucket"):
                return False
            raise
        return True

    def staging(self, pipeline: str, folders: Collection[str]) -> Iterator[Staging]:
        """What runs of a pipeline staged.

        Args:
            pipeline: The pipeline.
            folders: Parts of the key of runs that are ours; others are not looked into.
        """
        runs = PipelineLayout(self.bucket, pipeline).runs
        for page in self._objects(runs, Delimiter="/") if folders else ():
            for item in page.get("CommonPrefixes", ()):
                root = S3Uri(self.bucket, item["Prefix"])
                if root.name in folders and (found := self._staged(pipeline, root)) is not None:
                    yield found

    def uploads(self, pipeline: str) -> Iterator[Upload]:
        """Multipart uploads below a pipeline's prefix."""
        prefix = PipelineLayout(self.bucket, pipeline).root.key
        request = {"Bucket": self.bucket, "Prefix": prefix, "ExpectedBucketOwner": self.account}
        for page in self.lists.pages(self.client.list_multipart_uploads, UPLOADS, **request):
            now = moment(page)
            for item in page.get("Uploads", ()):
                if now is not None:
                    yield Upload(pipeline, item["Key"], item["UploadId"], now - item["Initiated"].timestamp())

    def staged_keys(self, pipeline: str, folder: str) -> Iterator[str]:
        """Keys of what a run staged."""
        root = PipelineLayout(self.bucket, pipeline).runs / f"{folder}/"
        for part in STAGING:
            for page in self._objects(root / part):
                yield from (item["Key"] for item in page.get("Contents", ()))

    def _staged(self, pipeline: str, root: S3Uri) -> Staging | None:
        newest, staged, complete, now = 0.0, False, False, None
        for page in self._objects(root):
            now = moment(page)
            for item in page.get("Contents", ()):
                below = item["Key"].removeprefix(root.key)
                newest = max(newest, item["LastModified"].timestamp())
                staged = staged or below.startswith(STAGING)
                complete = complete or below == "run.json"
        if now is None or not staged:
            return None
        return Staging(pipeline, root.name, now - newest, complete)

    def _objects(self, prefix: S3Uri, **more: str) -> Iterator[dict[str, Any]]:
        request = {"Bucket": prefix.bucket, "Prefix": prefix.key, "ExpectedBucketOwner": self.account}
        return self.lists.pages(self.client.list_objects_v2, OBJECTS, **request, **more)
