"""The runs of statements: the threads they run in, and their way from SUBMITTED to an end that holds.

A statement's result is a file before its transaction is committed, and that before its end shows.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import duckdb

from localaws.glue.catalog import Document
from localaws.redshift.engine import Engine, Link
from localaws.redshift.execution import TRANSACTIONS, Outcome, Statement, carry_out
from localaws.redshift.failures import StatementCancelled, StatementFailed, refused, translated
from localaws.redshift.requests import UNDER_WAY
from localaws.redshift.sessions import Sessions
from localaws.world import World

KIND = "redshift.statement"
AT_ONCE = 4
LOCK_SECONDS = 0.1
LEFT = "ERROR: the local endpoint ended while this ran"
log = logging.getLogger("localaws")


class Runs:
    """Runs the statements of the store.

    Args:
        world: The services' common ground.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.store = world.store
        self.folder = world.state / "redshift"
        self.engine = Engine(self.folder, world.state / "blobs")
        self.sessions = Sessions(world.store, self.engine)
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="redshift")
        self._links: dict[str, Link] = {}
        self._active: set[str] = set()
        self._ended = threading.Condition()
        self._closing = False
        self._left = [body["Id"] for body in self.store.all(KIND) if body["Status"] in UNDER_WAY]

    def recover(self) -> None:
        """Run what an earlier server had not begun; what it had begun was rolled back, and has failed."""
        for name in self._left:
            body = self.store.get(KIND, name) or {}
            if body.get("Status") == "SUBMITTED" and not body.get("SessionId"):
                self.submit(name)
            elif body.get("Status") in UNDER_WAY:
                self._end(name, "FAILED", Error=LEFT)

    def submit(self, name: str) -> None:
        """Run a statement of the store when there is room."""
        self._active.add(name)
        self._pool.submit(self._run, name)

    def active(self) -> int:
        """How many statements have been submitted and have not ended."""
        return len(self._active)

    def wait(self, name: str, seconds: int | None) -> Document:
        """A statement once it has ended, or as it is when the time is over."""
        with self._ended:
            self._ended.wait_for(lambda: self._status(name) not in UNDER_WAY, seconds or 0)
        return self.store.get(KIND, name) or {}

    def cancel(self, name: str) -> None:
        """Stop a statement; it is ABORTED when this returns."""
        if self._end(name, "ABORTED", of=("SUBMITTED",)):
            return
        self.store.update(KIND, name, Stopping=True)
        if (link := self._links.get(name)) is not None:
            link.cancel()
        with self._ended:
            self._ended.wait_for(lambda: self._status(name) not in UNDER_WAY, 5)

    def close(self) -> None:
        """Interrupt what runs, and let go of the databases."""
        self._closing = True
        self._pool.shutdown(wait=False, cancel_futures=True)
        for link in list(self._links.values()):
            link.cancel()
        self._pool.shutdown(wait=True)
        self.sessions.close()
        self.engine.close()

    def _status(self, name: str) -> str:
        return str((self.store.get(KIND, name) or {}).get("Status", ""))

    def _run(self, name: str) -> None:
        """A statement from its start to its end; the body of its thread's work."""
        with self.store.transaction():
            body = self.store.get(KIND, name)
            if body is None or body["Status"] != "SUBMITTED":
                return
            body = self.store.update(KIND, name, Status="STARTED", UpdatedAt=time.time(), Began=time.time())
        try:
            with self._linked(body) as link:
                changes = self._carry_out(body, link)
            self._end(name, "FINISHED", **changes)
        except StatementCancelled:
            if self._closing:
                self._end(name, "FAILED", Error=LEFT)
            else:
                self._end(name, "ABORTED")
        except StatementFailed as error:
            self._end(name, "FAILED", Error=error.reason)
        except duckdb.Error as error:  # of a COMMIT
            self._end(name, "FAILED", Error=translated(error).reason)
        except Exception as error:
            log.exception("Redshift statement %s", name)
            self._end(name, "FAILED", Error=f"ERROR: Internal error: {error!r}")

    @contextlib.contextmanager
    def _linked(self, body: Document) -> Iterator[Link]:
        """The statement's connection: the session's, or one of its own."""
        session = body.get("SessionId")
        link = self.sessions.link(session) if session else self.engine.link(body["Place"], body["Database"])
        if link is None:
            raise StatementFailed("the session has ended")
        link.begin()
        self._links[body["Id"]] = link
        try:
            if (self.store.get(KIND, body["Id"]) or {}).get("Stopping"):
                link.cancel()
            yield link
        finally:
            self._links.pop(body["Id"], None)
            link.end()
            if not session:
                link.close()

    def _carry_out(self, body: Document, link: Link) -> Document:
        if not body["IsBatchStatement"]:
            statement = Statement(body["QueryString"])
            if statement.word in TRANSACTIONS:
                self._transaction(statement, link, session=bool(body.get("SessionId")))
                return _told(Outcome())
            return _told(self._guarded(body["Id"], statement, body, link))
        if body["ExecutionMode"] == "AUTO_COMMIT":
            return self._one_by_one(body, link)
        return self._batch(body, link)

    def _guarded(self, name: str, statement: Statement, body: Document, link: Link) -> Outcome:
        """One statement in a transaction of its own, or in the session's."""
        with _writing(link, wanted=statement.writes):
            if link.open:
                return self._one(name, statement, body, link)
            with _transaction(link):
                return self._one(name, statement, body, link)

    def _one(self, name: str, statement: Statement, body: Document, link: Link) -> Outcome:
        values = {item["name"]: item["value"] for item in body.get("QueryParameters") or []}
        return carry_out(statement, values, link, self.world, self.result(name))

    def _batch(self, body: Document, link: Link) -> Document:
        """All statements in one transaction: the first that fails takes all of them back."""
        parts = body["SubStatements"]
        with _writing(link, wanted=True), _transaction(link):
            for number, part in enumerate(parts, 1):
                self._part(body, parts, number, link, self._one)
                if part["Status"] == "FAILED":
                    for other in parts[number:]:
                        other["Status"] = "ABORTED"
                    self.store.update(KIND, body["Id"], SubStatements=parts)
                    raise StatementFailed(part["Error"].removeprefix("ERROR: "), part=number)
        return _told_of_parts(parts)

    def _one_by_one(self, body: Document, link: Link) -> Document:
        """Each statement for itself; those behind one that fails run too."""
        parts = body["SubStatements"]
        for number in range(1, len(parts) + 1):
            self._part(body, parts, number, link, self._guarded)
        self.store.update(KIND, body["Id"], SubStatements=parts)
        for number, part in enumerate(parts, 1):
            if part["Status"] == "FAILED":
                raise StatementFailed(part["Error"].removeprefix("ERROR: "), part=number)
        return _told_of_parts(parts)

    def _part(self, body: Document, parts: list[Document], number: int, link: Link, run: Any) -> None:
        part = parts[number - 1]
        part |= {"Status": "STARTED", "UpdatedAt": time.time()}
        began = time.time()
        try:
            statement = Statement(part["QueryString"])
            if statement.word in TRANSACTIONS:
                raise refused(f"{statement.word} in a batch, which is one transaction")
            part |= _told(run(part["Id"], statement, body, link)) | {"Status": "FINISHED"}
        except StatementFailed as error:
            part |= {"Status": "FAILED", "Error": error.reason}
        part |= {"UpdatedAt": time.time(), "Duration": _nanoseconds(began)}
        self.store.update(KIND, body["Id"], SubStatements=parts)

    def _transaction(self, statement: Statement, link: Link, *, session: bool) -> None:
        """BEGIN, COMMIT and ROLLBACK of a session; without one nothing would be left of them."""
        word = TRANSACTIONS[statement.word]
        if session and (word == "BEGIN") != link.open:
            link.execute(word)
            link.open = word == "BEGIN"

    def result(self, name: str) -> Any:
        """The file of a statement's result."""
        return self.folder / "results" / f"{name.replace(':', '-')}.jsonl"

    def _end(self, name: str, status: str, *, of: tuple[str, ...] = UNDER_WAY, **changes: Any) -> bool:
        """Move a statement in one of some states to its end, free its session, and say so to whoever waits.

        Not within a transaction of the store: who waits holds the condition and reads the store.
        """
        with self.store.transaction():
            body = self.store.get(KIND, name)
            if body is None or body["Status"] not in of:
                return False
            changes |= {"Status": status, "UpdatedAt": time.time()}
            changes["Duration"] = _nanoseconds(body.get("Began", body["CreatedAt"]))
            if body["IsBatchStatement"] and status == "ABORTED":
                ended = ("FINISHED", "FAILED")
                parts = body["SubStatements"]
                changes["SubStatements"] = [
                    part if part["Status"] in ended else {**part, "Status": "ABORTED"} for part in parts
                ]
            if body.get("SessionId"):
                self.sessions.give_back(body["SessionId"])
            self.store.update(KIND, name, **changes)
        self._active.discard(name)
        with self._ended:
            self._ended.notify_all()
        return True


@contextlib.contextmanager
def _writing(link: Link, *, wanted: bool) -> Iterator[None]:
    """One statement at a time changes a database; the others wait, and can be stopped while they do."""
    if not wanted:
        yield
        return
    while not link.writing.acquire(timeout=LOCK_SECONDS):
        link.check()
    try:
        yield
    finally:
        link.writing.release()


@contextlib.contextmanager
def _transaction(link: Link) -> Iterator[None]:
    link.execute("BEGIN")
    try:
        yield
        link.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(duckdb.Error):
            link.connection.execute("ROLLBACK")
        raise


def _told(outcome: Outcome) -> Document:
    told: Document = {"ResultRows": outcome.rows, "ResultSize": outcome.size}
    told["HasResultSet"] = outcome.columns is not None
    return told | ({"Columns": outcome.columns} if outcome.columns is not None else {})


def _told_of_parts(parts: list[Document]) -> Document:
    """What a batch says of itself is what its last statement says."""
    last = {key: parts[-1][key] for key in ("ResultRows", "ResultSize")}
    return {"SubStatements": parts, "HasResultSet": any(part["HasResultSet"] for part in parts), **last}


def _nanoseconds(since: float) -> int:
    return max(1, int((time.time() - since) * 1e9))
