"""Sessions: a connection that outlives its statement, with its temporary tables and its transaction."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass

from localaws.glue.catalog import Document
from localaws.redshift.engine import Engine, Link
from localaws.redshift.requests import PLACED, invalid, not_found
from localaws.store import Store

KIND = "redshift.session"


@dataclass
class Session:
    """One session of this server.

    Attributes:
        link: Its connection.
        alive_until: When it ends if nothing more comes; while a statement runs it does not.
        statement: The statement that runs in it.
    """

    link: Link
    alive_until: float
    statement: str | None


class Sessions:
    """The sessions there are. They end with the server. The store's transactions guard them too.

    Args:
        store: Where they are kept, for lists.
        engine: Where their connections come from.
    """

    def __init__(self, store: Store, engine: Engine) -> None:
        self.store = store
        self.engine = engine
        self._open: dict[str, Session] = {}
        for body in store.all(KIND):
            if body["Status"] != "CLOSED":
                store.update(KIND, body["SessionId"], Status="CLOSED", UpdatedAt=time.time())

    def open(self, request: Document, place: str, statement: str) -> str:
        """A new session, busy with its first statement; its id.

        Raises:
            StatementFailed: The database's name can be none.
        """
        name, now, seconds = str(uuid.uuid4()), time.time(), int(request["SessionKeepAliveSeconds"])
        session = Session(self.engine.link(place, request["Database"]), now + seconds, statement)
        body = {key: request[key] for key in PLACED if key in request}
        body |= {"SessionId": name, "Status": "BUSY", "CreatedAt": now, "UpdatedAt": now, "Place": place}
        body |= {"SessionAliveSeconds": seconds, "CurrentStatementId": statement, "SessionTtl": now + seconds}
        with self.store.transaction():
            self._open[name] = session
            self.store.put(KIND, name, body)
        return name

    def known(self, name: str) -> Document:
        """What is kept of a session that is open.

        Raises:
            AwsError: It never was, or is over.
        """
        self.sweep()
        body = self.store.get(KIND, name)
        if body is None:
            raise invalid(f"Session with Id: {name} is invalid")
        if name not in self._open:
            raise invalid("Session is not available")
        return body

    def take(self, name: str, statement: str, seconds: int | None) -> None:
        """Make a session busy with a statement.

        Raises:
            AwsError: It is over, or busy with another one.
        """
        with self.store.transaction():
            body = self.known(name)
            session = self._open[name]
            if session.statement is not None:
                raise invalid(f"Session is busy with the statement {session.statement}")
            session.statement = statement
            alive = seconds if seconds is not None else body["SessionAliveSeconds"]
            changes = {"Status": "BUSY", "CurrentStatementId": statement, "SessionAliveSeconds": alive}
            self.store.update(KIND, name, **changes, UpdatedAt=time.time())

    def link(self, name: str) -> Link | None:
        """An open session's connection."""
        session = self._open.get(name)
        return session.link if session is not None else None

    def give_back(self, name: str) -> None:
        """The statement is over: the session is free until its time runs out."""
        with self.store.transaction():
            session = self._open.get(name)
            body = self.store.get(KIND, name)
            if session is None or body is None:
                return
            now = time.time()
            session.statement, session.alive_until = None, now + body["SessionAliveSeconds"]
            changes = {"Status": "AVAILABLE", "CurrentStatementId": None, "SessionTtl": session.alive_until}
            self.store.update(KIND, name, **changes, UpdatedAt=now)
        self.sweep()

    def sweep(self) -> None:
        """End the sessions whose time has run out."""
        with self.store.transaction():
            now = time.time()
            over = [name for name, it in self._open.items() if it.statement is None and it.alive_until <= now]
            for name in over:
                self._open.pop(name).link.close()
                self.store.update(KIND, name, Status="CLOSED", UpdatedAt=now)

    def described(self, name: str) -> Document:
        """What is kept of a session, open or not.

        Raises:
            AwsError: ResourceNotFoundException.
        """
        self.sweep()
        body = self.store.get(KIND, name)
        if body is None:
            raise not_found(f"Session with Id: {name} does not exist.", name)
        return body

    def close(self) -> None:
        """Let go of every connection."""
        with self.store.transaction():
            for session in self._open.values():
                session.link.close()
            self._open.clear()
