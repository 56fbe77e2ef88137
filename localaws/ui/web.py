"""Which page an address means, and its answer as HTML or JSON, with headers that let nothing run."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

from localaws.errors import AwsError
from localaws.services import Service
from localaws.ui.endpoints import endpoints
from localaws.ui.extras import faults, features
from localaws.ui.jobs import jobs
from localaws.ui.logs import logs
from localaws.ui.objects import objects
from localaws.ui.overview import overview
from localaws.ui.queries import queries
from localaws.ui.rendering import STYLE, templates
from localaws.ui.tables import tables
from localaws.ui.view import Asker, Maker, NotThere, View
from localaws.wire import FileRange, Request, Response
from localaws.world import World

log = logging.getLogger("localaws")
ROOT = "/_localaws/ui/"
PAGES: dict[str, Maker] = {
    "": overview,
    "jobs": jobs,
    "endpoints": endpoints,
    "queries": queries,
    "tables": tables,
    "objects": objects,
    "logs": logs,
    "features": features,
    "faults": faults,
}
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
HTML, JSON = "text/html; charset=utf-8", "application/json"


class Site:
    """Answers the requests of a browser."""

    def __init__(self, world: World, services: Mapping[str, Service]) -> None:
        self._asker = Asker(world, services)

    def serves(self, request: Request) -> bool:
        """Whether a request is a person's: a page's address, or ``/`` asked for by a browser."""
        if request.path.startswith(ROOT):
            return True
        wants_page = "text/html" in request.headers.get("Accept", "")
        signed = "Authorization" in request.headers or bool(request.query)
        return request.path == "/" and request.method in ("GET", "HEAD") and wants_page and not signed

    def answer(self, request: Request) -> Response:
        """The page; never raises."""
        if request.method not in ("GET", "HEAD"):
            return _plain(405, "pages are read, not written\n")
        if request.path == "/":
            return Response(302, {**HEADERS, "Location": ROOT})
        if request.path == ROOT + "style.css":
            return Response(200, {**HEADERS, "Content-Type": "text/css; charset=utf-8"}, STYLE)
        parts = tuple(unquote(part) for part in request.path.removeprefix(ROOT).split("/"))
        as_json = request.query.get("format") == "json"
        try:
            if parts[0] == "objects" and "download" in request.query:
                return self._download(parts[1:])
            maker = PAGES.get(parts[0])
            if maker is None:
                raise NotThere(f"no page {request.path}")
            rest = parts[1:] if parts[0] == "objects" else tuple(part for part in parts[1:] if part)
            view, status = maker(self._asker, _trimmed(rest), request.query), 200
        except NotThere as error:
            view, status = View("Not there", "missing.html", {"message": str(error)}), 404
        except Exception as error:
            log.exception("page %s failed", request.path)
            view, status = (
                View("This page failed", "missing.html", {"message": f"{error!r}; see the log"}),
                500,
            )
        return _json(status, view) if as_json else self._html(status, view, parts[0], request)

    def _html(self, status: int, view: View, section: str, request: Request) -> Response:
        text = (
            templates()
            .get_template(view.template)
            .render(
                view.data,
                title=view.title,
                live=view.live,
                section=section,
                root=ROOT,
                sections=[name for name in PAGES if name],
                path=request.path,
                now=time.time(),
            )
        )
        return Response(status, {**HEADERS, "Content-Type": HTML}, text.encode())

    def _download(self, place: tuple[str, ...]) -> Response:
        """An object as a file to keep, never as a page."""
        try:
            item = self._asker.world.objects.get(place[0], "/".join(place[1:]))
        except (AwsError, IndexError) as error:
            raise NotThere("no such object") from error
        name = quote(item.key.rpartition("/")[2], safe="")
        headers = {
            **HEADERS,
            "Content-Type": "application/octet-stream",
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
        }
        return Response(200, headers, FileRange.of(item.path, 0, item.size))


def _trimmed(rest: tuple[str, ...]) -> tuple[str, ...]:
    """A path's rest without what a closing slash after the page's name leaves."""
    return () if rest == ("",) else rest


def _json(status: int, view: View) -> Response:
    document: dict[str, Any] = {"title": view.title, "live": view.live, **view.data}
    return Response(
        status, {**HEADERS, "Content-Type": JSON}, json.dumps(document, default=str).encode() + b"\n"
    )


def _plain(status: int, text: str) -> Response:
    return Response(status, {**HEADERS, "Content-Type": "text/plain; charset=utf-8"}, text.encode())
