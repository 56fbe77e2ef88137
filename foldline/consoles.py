"""Where a person looks at what a run does: the AWS console, or the local endpoint's own pages.

Addresses only: nothing is asked, so they can be made while a DAG file is parsed or after all is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

from foldline.aws import Account, endpoint_url
from foldline.layout import S3Uri
from foldline.remote.watched import WATCHED

SHARED_PREFIX = 8
"""Names that begin alike for fewer characters than this are not told apart from others by their beginning."""
CRAWLER_LOGS = "/aws-glue/crawlers"
WITH_LOGS = frozenset({"glue-job"})
"""Kinds whose own page shows their logs, which lie in several groups."""
DOMAINS = {"cn-": "console.amazonaws.cn", "us-gov-": "console.amazonaws-us-gov.com"}
"""Where the console of a partition answers, by how its regions begin; all others are at aws.amazon.com."""
CONSOLE_PATHS = {
    "training": "sagemaker/home?region={region}#/jobs/{name}",
    "processing": "sagemaker/home?region={region}#/processing-jobs/{name}",
    "transform": "sagemaker/home?region={region}#/transform-jobs/{name}",
    "tuning": "sagemaker/home?region={region}#/hyper-tuning-jobs/{name}",
    "endpoint": "sagemaker/home?region={region}#/endpoints/{name}",
    "query": "athena/home?region={region}#/query-editor/history/{name}",
    "crawler": "glue/home?region={region}#/v2/data-catalog/crawlers/view/{name}",
    "glue-job": "gluestudio/home?region={region}#/job/{parent}/run/{child}",
    "quality-run": "glue/home?region={region}#/v2/data-catalog/data-quality",
    "statement": "redshiftv2/home?region={region}#/queries",
}
"""Page of one piece of work; its list is the same address without the last part."""


class Pages(Protocol):
    """Addresses of pages for a person."""

    def work(self, kind: str, names: Sequence[str]) -> str:
        """One piece of work of a kind of `foldline.remote.watched`, or the list that holds several."""
        ...

    def log(self, kind: str, names: Sequence[str]) -> str:
        """The log of one piece of work, or of all of its kind; empty when that kind has none."""
        ...

    def objects(self, uri: S3Uri) -> str:
        """An object, or the folder that a key ending in ``/`` names."""
        ...


@dataclass(frozen=True)
class AwsConsole:
    """The AWS console of a region."""

    region: str

    def work(self, kind: str, names: Sequence[str]) -> str:
        """See :meth:`Pages.work`."""
        path = CONSOLE_PATHS.get(kind, "")
        if len(names) != 1:
            path = path.partition("/{")[0]
        parent, _, child = names[0].rpartition("/") if names else ("", "", "")
        name = _escaped(names[0]) if names else ""
        return self._page(
            path.format(region=self.region, name=name, parent=_escaped(parent), child=_escaped(child))
        )

    def log(self, kind: str, names: Sequence[str]) -> str:
        """See :meth:`Pages.log`."""
        if kind in WITH_LOGS:
            return self.work(kind, names)
        group, streams = log_place(kind, names)
        if not group:
            return ""
        path = f"cloudwatch/home?region={self.region}#logsV2:log-groups/log-group/{_twice(group)}"
        # CloudWatch's page writes the `?` and `=` behind its `#` as $3F and $3D.
        return self._page(path + (f"$3FlogStreamNameFilter$3D{_twice(streams)}" if streams else ""))

    def objects(self, uri: S3Uri) -> str:
        """See :meth:`Pages.objects`."""
        page = "buckets" if uri.key.endswith("/") or not uri.key else "object"
        return self._page(f"s3/{page}/{uri.bucket}?region={self.region}&prefix={quote(uri.key)}")

    def _page(self, path: str) -> str:
        begins = (domain for start, domain in DOMAINS.items() if self.region.startswith(start))
        return f"https://{self.region}.{next(begins, 'console.aws.amazon.com')}/{path}"


@dataclass(frozen=True)
class EndpointPages:
    """The pages of a local endpoint.

    Attributes:
        url: Its address, such as ``http://127.0.0.1:4566``.
    """

    url: str

    def work(self, kind: str, names: Sequence[str]) -> str:
        """See :meth:`Pages.work`."""
        shared = _escaped(names[0]) if len(names) == 1 else ""
        if kind in ("training", "processing", "transform", "tuning"):
            begin = beginning(names)
            search = f"?name={_escaped(begin)}" if not shared and len(begin) >= SHARED_PREFIX else ""
            return self._page(f"jobs/{kind}" + (f"/{shared}" if shared else search))
        if kind == "glue-job":
            return self._page("jobs/glue" + (f"/{quote(names[0])}" if shared else ""))
        section = {"endpoint": "endpoints", "query": "queries"}.get(kind)
        if section is not None:
            return self._page(section + (f"/{shared}" if shared else ""))
        return self._page("tables" if kind in ("crawler", "quality-run") else "")

    def log(self, kind: str, names: Sequence[str]) -> str:
        """See :meth:`Pages.log`."""
        if kind in WITH_LOGS:
            return self.work(kind, names)
        group, streams = log_place(kind, names)
        if not group:
            return ""
        return self._page(
            f"logs?group={_escaped(group)}" + (f"&prefix={_escaped(streams)}" if streams else "")
        )

    def objects(self, uri: S3Uri) -> str:
        """See :meth:`Pages.objects`."""
        return self._page(f"objects/{uri.bucket}/{quote(uri.key)}")

    def _page(self, path: str) -> str:
        return f"{self.url.rstrip('/')}/_localaws/ui/{path}"


def pages(environment: Account) -> Pages:
    """The pages of an environment: an endpoint that stands in for AWS shows its own."""
    url = endpoint_url(environment)
    return AwsConsole(environment.region) if url is None else EndpointPages(url)


def log_place(kind: str, names: Sequence[str]) -> tuple[str, str]:
    """CloudWatch group and beginning of the streams of some work; empty where there is none to name."""
    one = names[0] if len(names) == 1 else ""
    if kind == "endpoint":
        return (f"/aws/sagemaker/Endpoints/{one}", "") if one else ("", "")
    if kind == "crawler":
        return CRAWLER_LOGS, one
    group = next(iter(WATCHED[kind].log_groups), "") if kind in WATCHED else ""
    begin = one + "/" if one else beginning(names)
    return group, begin if group and (one or len(begin) >= SHARED_PREFIX) else ""


def beginning(names: Sequence[str]) -> str:
    """The characters with which all names begin."""
    if not names:
        return ""
    first, last = min(names), max(names)
    alike = [mine == other for mine, other in zip(first, last, strict=False)]
    return first[: alike.index(False)] if False in alike else first[: len(alike)]


def _escaped(text: str) -> str:
    return quote(text, safe="")


def _twice(text: str) -> str:
    """CloudWatch's page escapes twice, with `$` in place of `%`."""
    return quote(quote(text, safe=""), safe="").replace("%", "$")
