"""Pieces of work of every kind, each of which leaves a line in a ledger every time its program really runs."""

from __future__ import annotations

import functools
import json
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foldline.jobs import Runner
from foldline.layout import S3Uri
from foldline.names import Identity, spec_hash
from foldline.outcomes import PROCESSING, TRAINING, TRANSFORM, TUNING, Kind
from foldline.remote.calls import Backoff, SystemClock
from foldline.remote.glue.jobs import GlueJobs, GlueWork
from foldline.remote.memory import Memory
from foldline.remote.warehouse.queries import Queries
from foldline.remote.warehouse.redshift import Warehouse
from foldline.waiting import Staying
from foldline.work import Work
from tests.localaws.sagemaker.conftest import ROLE, Account
from tests.localaws.sagemaker.tuning.conftest import Tuner

ACCOUNT = "123456789012"
WORKGROUP = "soak"
SHARES = {
    "training": 0.5,
    "processing": 0.22,
    "query": 0.12,
    "statement": 0.11,
    "transform": 0.02,
    "tuning": 0.015,
    "glue": 0.015,
}
"""How many of all pieces are of a kind: some cost a server or several programs each."""
FAILING = 20
"""Every so many-th training and processing job has a program that fails for good."""
NOTE = """
import json, os
with open({ledger!r}, "a") as ledger:
    ledger.write({label} + "\\n")
if {fate} == "fail":
    raise SystemExit("this program fails")
"""
HYPERPARAMETERS = 'json.load(open("/opt/ml/input/config/hyperparameters.json"))'
MODEL = """
def model_fn(folder):
    return None
def input_fn(body, kind):
    return body
def predict_fn(data, model):
    return data
def output_fn(answer, kind):
    return answer
"""
KINDS: dict[str, Kind] = {kind.name: kind for kind in (TRAINING, PROCESSING, TRANSFORM, TUNING)}


@dataclass(frozen=True)
class Piece:
    """One piece of work.

    Attributes:
        kind: Its kind.
        number: Tells it from its siblings.
        fails: Whether its own program fails.
    """

    kind: str
    number: int
    fails: bool = False

    @property
    def label(self) -> str:
        """Its name in the ledger."""
        return f"{self.kind}-{self.number}"

    @property
    def wanted(self) -> str:
        """How it must end."""
        return "failed" if self.fails else "done"


def planned(count: int) -> list[Piece]:
    """``count`` pieces over all kinds."""
    pieces = []
    for kind, share in SHARES.items():
        can_fail = kind in ("training", "processing")
        pieces += [
            Piece(kind, number, can_fail and number % FAILING == FAILING - 1)
            for number in range(max(1, round(count * share)))
        ]
    return pieces


def prepared(account: Account, ledger: Path) -> dict[str, Any]:
    """A request by kind, without what tells one piece from another; their scripts and data are stored."""
    told = NOTE.format(
        ledger=str(ledger), label=f'{HYPERPARAMETERS}["label"]', fate=f'{HYPERPARAMETERS}["fate"]'
    )
    environ = NOTE.format(ledger=str(ledger), label='os.environ["LABEL"]', fate='os.environ["FATE"]')
    model = account.model(MODEL)
    tuning = Tuner(account).request(
        f"open({str(ledger)!r}, 'a').write(given['label'] + '\\n')\ntell(1.0)",
        ranges={"ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "1"}]},
        jobs=2,
    )
    requests = {
        "training": account.training_request(told),
        "processing": account.processing_request(environ),
        "transform": account.transform_request(model, account.put("rows/rows.csv", "1\n2\n3\n")),
        "tuning": tuning,
    }
    for kind, request in requests.items():
        del request[KINDS[kind].name_member]
    script = f"""
        import sys
        label = sys.argv[sys.argv.index("--label") + 1]
        open({str(ledger)!r}, "a").write(label + "\\n")
    """
    location = account.put("scripts/glue.py", textwrap.dedent(script))
    requests["glue"] = {
        "Command": {"Name": "pythonshell", "ScriptLocation": location, "PythonVersion": "3.9"}
    }
    data = account.clients("redshift-data")
    table = "CREATE TABLE ledger (label varchar(40))"
    data.execute_statement(Sql=table, WorkgroupName=WORKGROUP, Database="dev", WaitTimeSeconds=30)
    return requests


@dataclass(frozen=True)
class Crew:
    """Brings pieces to their end as a worker does: one client per service, one clock.

    Attributes:
        account: Clients of the endpoint.
        requests: See :func:`prepared`.
    """

    account: Account
    requests: dict[str, Any]

    def work(self, pieces: Iterable[Piece], tell: Callable[[Piece, dict[str, Any]], None]) -> None:
        """Run the pieces, of one kind, to their end; ``tell`` hears of each.

        Raises:
            FoldlineError: One ended in a way no piece is meant to.
        """
        pieces = list(pieces)
        alone = {"query": self._query, "statement": self._statement, "glue": self._glue_run}.get(
            pieces[0].kind
        )
        if alone is not None:
            for piece in pieces:
                tell(piece, alone(piece))
            return
        works = [self._job(piece) for piece in pieces]
        clock = SystemClock()
        runner = Runner(self.account.sagemaker, clock, Staying(clock), backoff=Backoff(0.1, 0.5))

        def ended(index: int, outcome: Any) -> None:
            state = "done" if outcome.error is None else "failed"
            tell(pieces[index], {"state": state, "job": outcome.name, "generation": outcome.generation})

        runner.run_all(works, max_parallel=len(works), on_end=ended)

    def identity(self, piece: Piece, request: dict[str, Any]) -> Identity:
        """Who asks for a piece."""
        return Identity("local", "soak", "run", piece.kind, piece.number, piece.kind, spec_hash(request))

    def _job(self, piece: Piece) -> Work:
        request = json.loads(json.dumps(self.requests[piece.kind]))
        fate = "fail" if piece.fails else "end"
        if piece.kind == "training":
            request["HyperParameters"] = {"label": piece.label, "fate": fate}
        elif piece.kind == "processing":
            request["Environment"] = {"LABEL": piece.label, "FATE": fate}
        elif piece.kind == "tuning":
            request["TrainingJobDefinition"]["StaticHyperParameters"]["label"] = piece.label
        else:
            request["TransformOutput"]["S3OutputPath"] = self.account.uri(f"scores/{piece.label}/")
        return Work(KINDS[piece.kind], self.identity(piece, request), request)

    def _memory(self, piece: Piece) -> Memory:
        prefix = S3Uri(self.account.bucket, f"memory/{piece.label}/")
        return Memory(self.account.clients("s3"), prefix, ACCOUNT)

    def _query(self, piece: Piece) -> dict[str, Any]:
        clock = SystemClock()
        queries = Queries(
            self.account.clients("athena"),
            clock,
            S3Uri(self.account.bucket, "queries/"),
            ACCOUNT,
            Staying(clock),
            self._memory(piece),
            Backoff(0.1, 0.5),
        )
        text = f"SELECT {piece.number} AS number"
        outcome = queries.run(
            self.identity(piece, {"text": text}),
            lambda generation: text,
            database="default",
            workgroup="primary",
            budget=600,
            where="soak",
        )
        return {"state": "done", "job": outcome.query_id, "generation": outcome.generation}

    def _statement(self, piece: Piece) -> dict[str, Any]:
        clock = SystemClock()
        data = self.account.clients("redshift-data")
        warehouse = Warehouse(data, clock, Staying(clock), self._memory(piece), Backoff(0.1, 0.5))
        insert = f"INSERT INTO ledger VALUES ('{piece.label}')"
        request = {"Sqls": [insert, "SELECT 1"], "WorkgroupName": WORKGROUP, "Database": "dev"}
        ended = warehouse.run(
            self.identity(piece, request), lambda generation: request, budget=600, where="soak"
        )
        return {"state": "done", "job": ended.statement_id, "generation": ended.generation}

    def _glue_run(self, piece: Piece) -> dict[str, Any]:
        clock = SystemClock()
        glue = self.account.clients("glue")
        jobs = GlueJobs(glue, clock, Staying(clock), self._memory(piece), Backoff(0.1, 0.5))
        definition = {
            **self.requests["glue"],
            "Name": f"soak-{piece.label}",
            "Role": ROLE,
            "ExecutionProperty": {"MaxConcurrentRuns": 1},
        }
        request = {"JobName": definition["Name"], "Arguments": {"--label": piece.label}}
        output = S3Uri(self.account.bucket, f"glue/{piece.label}/")
        outcome = jobs.run(
            GlueWork(
                definition,
                request,
                self.identity(piece, request),
                lambda generation: output / f"g{generation}/",
                600,
            )
        )
        return {"state": "done", "job": outcome.run["Id"], "generation": outcome.generation}


def account_at(url: str, bucket: str) -> Account:
    """The account at an endpoint, as our workers reach it: no retries of boto3's own."""
    import boto3
    from botocore.config import Config

    session = boto3.Session("local", "local", region_name="us-east-1")
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=20)
    return Account(
        functools.cache(functools.partial(session.client, endpoint_url=url, config=config)), bucket
    )


__all__ = ["KINDS", "Crew", "Piece", "account_at", "planned", "prepared"]
