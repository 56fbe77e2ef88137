"""A storm: many pieces of work, failing calls, killed workers and twins; then what was really started is counted.

    python -m tests.faults.soak.storm --pieces 2000 --seed 1

Prints its figures as JSON; exit code 1 when anything ran twice, was left behind or ended wrongly.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from foldline.localfaults import add_fault, clear_faults, fault_rules
from tests.conftest import Endpoint, start_endpoint
from tests.faults.soak.pieces import KINDS, SHARES, WORKGROUP, Crew, Piece, account_at, planned, prepared

BUCKET = "soak"
CHUNK = 16
WORKERS = 4
KILLED, TWINS, KILLED_AT_CREATE = 0.5, 0.15, 0.1
"""Shares of attempts: killed at a random moment, run twice at once, killed as a Create is accepted."""
LAST_KILL = 6
"""An attempt after so many is left to end."""
MOST_BROKEN = 20
"""Attempts that may end with an error of their own before the storm is called off; none should."""
WEATHER: list[dict[str, Any]] = [
    {"effect": "commit_then_drop", "service": "sagemaker", "operation": "Create*", "probability": 0.15},
    {"effect": "commit_then_drop", "service": "athena", "operation": "Start*", "probability": 0.15},
    {"effect": "commit_then_drop", "service": "glue", "operation": "Start*", "probability": 0.15},
    {"effect": "commit_then_drop", "service": "redshift-data", "operation": "Batch*", "probability": 0.15},
    {
        "effect": "stale",
        "service": "sagemaker",
        "operation": "Describe*",
        "seconds": 0.3,
        "probability": 0.2,
    },
    *(
        {"effect": effect, "service": service, "probability": chance}
        for service in ("sagemaker", "athena", "glue", "redshift-data")
        for effect, chance in (
            ("throttle", 0.2),
            ("internal_failure", 0.05),
            ("expired_token", 0.03),
            ("drop", 0.03),
        )
    ),
    {"effect": "capacity", "job": "training", "resource": "training-m*", "probability": 0.05},
    {"effect": "internal", "job": "processing", "probability": 0.05},
]


@dataclass
class Storm:
    """One storm over one endpoint.

    Attributes:
        url: The endpoint.
        crew: Does the work.
        folder: Ledger and results.
        chance: Decides who is killed when.
        counts: Attempts, kills and twins so far.
    """

    url: str
    crew: Crew
    folder: Path
    chance: random.Random
    counts: Counter[str] = field(default_factory=Counter)
    running: dict[int, tuple[int, float]] = field(default_factory=dict)

    def blow(self, chunks: list[list[Piece]]) -> None:
        """Run every chunk until a worker has brought all of it to its end."""
        tries, waiting, done = Counter[int](), list(range(len(chunks))), set[int]()
        while waiting or self.running:
            while waiting and len(self.running) < WORKERS:
                chunk = waiting.pop(0)
                tries[chunk] += 1
                for _ in range(1 + (self.chance.random() < TWINS)):
                    self._start(chunk, chunks[chunk], may_die=tries[chunk] < LAST_KILL)
                    self.counts["attempts"] += 1
            for pid, (chunk, due) in list(self.running.items()):
                if time.monotonic() > due:
                    os.kill(pid, signal.SIGKILL)
                    self.running[pid] = (chunk, float("inf"))
                found, status = os.waitpid(pid, os.WNOHANG)
                if not found:
                    continue
                del self.running[pid]
                if status == 0:
                    done.add(chunk)
                elif os.WIFSIGNALED(status):
                    self.counts["kills"] += 1
                else:
                    self.counts["broken_attempts"] += 1
                    if self.counts["broken_attempts"] > MOST_BROKEN:
                        raise SystemExit((self.folder / "errors.txt").read_text()[-4000:])
                twin = any(other == chunk for other, _ in self.running.values())
                if chunk not in done and not twin and chunk not in waiting:
                    waiting.append(chunk)
            time.sleep(0.005)
        self.counts["twins"] = self.counts["attempts"] - sum(tries.values())

    def _start(self, chunk: int, pieces: list[Piece], *, may_die: bool) -> None:
        dies = may_die and self.chance.random() < KILLED
        at_create = may_die and not dies and self.chance.random() < KILLED_AT_CREATE / (1 - KILLED)
        due = time.monotonic() + self.chance.uniform(0.02, 4.0) if dies else float("inf")
        fatal = self.chance.randint(1, len(pieces)) if at_create else 0
        parent, pid = os.getpid(), os.fork()
        if pid == 0:
            threading.Thread(target=_follow, args=[parent], daemon=True).start()
            os._exit(self._attempt(pieces, fatal))
        self.running[pid] = (chunk, due)

    def _attempt(self, pieces: list[Piece], fatal: int) -> int:
        """What a worker does; never returns to its parent's stack."""
        try:
            account = account_at(self.url, BUCKET)
            if fatal:
                account.sagemaker.meta.events.register("after-call.sagemaker", _Fatal(fatal))
            results = os.open(self.folder / "results.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

            def tell(piece: Piece, ended: dict[str, Any]) -> None:
                os.write(results, (json.dumps({"label": piece.label, **ended}) + "\n").encode())

            Crew(account, self.crew.requests).work(pieces, tell)
            return 0
        except BaseException as error:
            with (self.folder / "errors.txt").open("a") as errors:
                errors.write(f"{type(error).__name__}: {error}\n")
            return 1


def _follow(parent: int) -> None:
    """End this worker when the storm has ended without it."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(2)


class _Fatal:
    """Kills this process when the n-th Create has been accepted, before anybody reads its answer."""

    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(self, model: Any, http_response: Any, **more: Any) -> None:
        if model.name.startswith("Create") and http_response.status_code == 200:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def counted(storm: Storm, pieces: list[Piece]) -> dict[str, Any]:
    """What really happened, read from the endpoint and from what the programs wrote."""
    lines = (storm.folder / "results.jsonl").read_text().splitlines()
    ended: dict[str, set[tuple[str, str, int]]] = {}
    for line in lines:
        result = json.loads(line)
        ended.setdefault(result["label"], set()).add((result["state"], result["job"], result["generation"]))
    runs = Counter((storm.folder / "ledger.txt").read_text().split()) + inserted(storm)
    names = {kind: jobs_of(storm, kind) for kind in KINDS}
    expected = {
        kind: {
            name
            for piece in pieces
            if piece.kind == kind
            for name in names_of(
                storm.crew, piece, max(generation for _, _, generation in ended[piece.label])
            )
        }
        for kind in KINDS
    }
    counted_kinds = ("training", "processing", "tuning", "statement", "glue")
    programs = {
        piece.label: 2 if piece.kind == "tuning" else 1 for piece in pieces if piece.kind in counted_kinds
    }
    queries = (
        storm.crew.account.clients("athena")
        .get_paginator("list_query_executions")
        .paginate(WorkGroup="primary")
    )
    executions = sum(len(page["QueryExecutionIds"]) for page in queries)
    own = {
        kind: {name: status for name, status in jobs.items() if name.startswith(f"{kind}-m")}
        for kind, jobs in names.items()
    }
    return {
        "identities": len(pieces),
        "by_kind": dict(Counter(piece.kind for piece in pieces)),
        **storm.counts,
        "jobs": sum(map(len, own.values())) + executions,
        "further_generations": sum(max(g for _, _, g in ends) for ends in ended.values()),
        "duplicates": sum(max(0, runs[label] - wanted) for label, wanted in programs.items())
        + sum(len(set(own[kind]) - expected[kind]) for kind in KINDS)
        + executions
        - sum(piece.kind == "query" for piece in pieces),
        "orphans": sum(
            status in ("InProgress", "Stopping") for jobs in own.values() for status in jobs.values()
        ),
        "missing": sorted(label for label, wanted in programs.items() if runs[label] < wanted),
        "never_ran": sum(runs[label] < wanted for label, wanted in programs.items()),
        "wrong_states": sum(
            {state for state, _, _ in ended.get(piece.label, {("none", "", 0)})} != {piece.wanted}
            for piece in pieces
        ),
    }


def names_of(crew: Crew, piece: Piece, generation: int) -> set[str]:
    """Names a piece's jobs may have: one of each generation."""
    work = crew._job(piece)
    return {work.identity.name(number, work.kind.name_limit) for number in range(generation + 1)}


def inserted(storm: Storm) -> Counter[str]:
    """How often each statement's row stands in the warehouse."""
    data = storm.crew.account.clients("redshift-data")
    asked = data.execute_statement(
        Sql="SELECT label FROM ledger", WorkgroupName=WORKGROUP, Database="dev", WaitTimeSeconds=30
    )
    pages = data.get_paginator("get_statement_result").paginate(Id=asked["Id"])
    return Counter(row[0]["stringValue"] for page in pages for row in page["Records"])


def jobs_of(storm: Storm, kind: str) -> dict[str, str]:
    """All jobs of a kind at the endpoint, with their status."""
    of = KINDS[kind]
    pages = storm.crew.account.sagemaker.get_paginator(f"list_{of.method}_jobs").paginate()
    return {
        job[of.name_member]: job[of.status_member]
        for page in pages
        for job in page[f"{of.title}JobSummaries"]
    }


def storm_over(endpoint: Endpoint, folder: Path, count: int, seed: int) -> dict[str, Any]:
    """The figures of one storm of ``count`` pieces."""
    began, port = time.monotonic(), int(endpoint.url.rpartition(":")[2])
    account = account_at(endpoint.url, BUCKET)
    account.clients("s3").create_bucket(Bucket=BUCKET)
    (folder / "ledger.txt").touch()
    crew = Crew(account, prepared(account, folder / "ledger.txt"))
    pieces, chance = planned(count), random.Random(seed)
    for number, rule in enumerate(WEATHER):
        add_fault({**rule, "seed": seed * 100 + number}, port)
    by_kind = [[piece for piece in pieces if piece.kind == kind] for kind in SHARES]
    sizes = [CHUNK // 4 if group[0].kind == "glue" else CHUNK for group in by_kind]
    chunks = [
        group[at : at + size]
        for group, size in zip(by_kind, sizes, strict=True)
        for at in range(0, len(group), size)
    ]
    chance.shuffle(chunks)
    storm = Storm(endpoint.url, crew, folder, chance)
    storm.blow(chunks)
    struck = Counter[str]()
    for rule in fault_rules(port):
        struck[rule["effect"]] += rule["hits"]
    clear_faults(port)
    return {**counted(storm, pieces), "struck": dict(struck), "seconds": round(time.monotonic() - began, 1)}


def main() -> int:
    """Start an endpoint, let the storm pass, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pieces", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="foldline-soak-", ignore_cleanup_errors=True) as folder:
        endpoint = start_endpoint(Path(folder) / "state")
        try:
            figures = storm_over(endpoint, Path(folder), arguments.pieces, arguments.seed)
        finally:
            endpoint.stop()
        errors = Path(folder) / "errors.txt"
        if errors.exists():
            sys.stderr.write(errors.read_text()[-4000:])
    print(json.dumps(figures, indent=2))
    bad = ("duplicates", "orphans", "never_ran", "wrong_states")
    return int(any(figures[name] for name in bad))


if __name__ == "__main__":
    sys.exit(main())
