"""`foldline validate`: everything that can be known to be wrong without running anything."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from foldline import contracts
from foldline.cli.dagfiles import DagImport
from foldline.cli.packagenames import name_problems
from foldline.config import Pipeline, pipeline_of
from foldline.errors import ConfigError
from foldline.project import environments, pipelines, project_root
from foldline.stepfiles.problems import Problem, conflict_problem, nearest, rendered
from foldline.stepfiles.reading import Reading, read_pipeline
from foldline.stepfiles.statements import statement_problems
from foldline.steps.queries import StatementSettings
from foldline.steps.settings import Conflict


@dataclass
class Findings:
    """Problems, each told once with the environments it is found in, and counts of what was looked at."""

    names: list[str]
    found: dict[Problem, list[str]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, problems: Iterable[Problem], environment: str = "") -> None:
        """Note problems, of one environment or of none in particular."""
        for problem in problems:
            where = self.found.setdefault(problem, [])
            if environment and environment not in where:
                where.append(environment)

    @property
    def text(self) -> str:
        """The problems for a reader, by file; an environment is named where not all have the problem."""
        groups: dict[str, list[Problem]] = {}
        for problem, where in self.found.items():
            some = where and len(where) < len(self.names)
            groups.setdefault(", ".join(where) if some else "", []).append(problem)
        return "\n".join(rendered(problems, where) for where, problems in groups.items())

    @property
    def summary(self) -> str:
        """One line: what was looked at, and how much is wrong."""
        looked = [_counted(self.counts[what], what) for what in _COUNTED]
        return f"{', '.join(looked)}: {_counted(len(self.found), 'problem') if self.found else 'no problems'}"

    @property
    def document(self) -> dict[str, Any]:
        """All of it as JSON."""
        problems = [{**problem.as_dict(), "environments": where} for problem, where in self.found.items()]
        counts = {_plural(what).replace(" ", "_").lower(): self.counts[what] for what in _COUNTED}
        return {"ok": not self.found, "checked": counts, "problems": problems}


_COUNTED = ("step file", "query", "environment", "request", "DAG file")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun if count == 1 else _plural(noun)}"


def _plural(noun: str) -> str:
    return noun[:-1] + "ies" if noun.endswith("y") else noun + "s"


def findings(root: Path, pipeline: str | None = None, env: str | None = None) -> Findings:
    """All that is wrong with the project, or with one pipeline, in all environments or in one."""
    with DagImport(root) as importing:
        found = _config_findings(root, pipeline, env)
        dags = importing.finished()
    found.counts["DAG file"] = dags.files
    found.add(dags.problems)
    found.add(name_problems())
    return found


def _config_findings(root: Path, pipeline: str | None, env: str | None) -> Findings:
    names = [env] if env is not None else environments(root)
    found = Findings(names)
    found.counts["environment"] = len(names)
    chosen = [pipeline] if pipeline is not None else pipelines(root)
    if not names:
        found.add([Problem("infra/env", 0, "", "holds no environment; a project has at least local.yaml")])
    if not chosen:
        found.add([Problem("infra", 0, "", "holds no pipeline; a pipeline is a folder with pipeline.yaml")])
    for name in chosen:
        found.counts["step file"] += len(list((root / "infra" / name).glob("*.yaml")))
        for environment in names:
            reading = read_pipeline(name, environment, root)
            found.add(reading.problems, environment)
            unknown: set[str] = set()
            found.add(_statement_problems(reading, root / "infra" / name), environment)
            found.add(_instance_problems(reading, unknown), environment)
            if not reading.problems:
                whole = pipeline_of(name, root, reading)
                found.add(_request_problems(whole, found.counts, unknown), environment)
        found.counts["query"] += len(list((root / "infra" / name).glob("*.sql")))
    return found


def _statement_problems(reading: Reading, folder: Path) -> Iterator[Problem]:
    for name, step in reading.steps.items():
        if isinstance(step, StatementSettings) and (folder / step.query).is_file():
            yield from statement_problems(step, reading.documents[name], folder)


def _instance_problems(reading: Reading, unknown: set[str]) -> Iterator[Problem]:
    """Instance types that SageMaker does not know; they are added to ``unknown``."""
    for name, step in reading.steps.items():
        for path, operation in step.instance_settings.items():
            keys: tuple[str | int, ...] = tuple(path.split("."))
            value: Any = step
            for key in keys:
                value = getattr(value, str(key))
            known = contracts.instance_types(operation)
            several = not isinstance(value, str) and len(value) > 1
            for number, instance in enumerate([value] if isinstance(value, str) else value):
                if instance not in known:
                    unknown.add(instance)
                    at = (*keys, number) if several else keys
                    message = f"{instance!r} is not one SageMaker knows"
                    conflict = Conflict(at, message, nearest(instance, known))
                    yield conflict_problem(conflict, reading.documents[name])


def _request_problems(pipeline: Pipeline, counts: Counter[str], told: set[str]) -> Iterator[Problem]:
    """Requests that break a service model, less those whose instance type is told at its setting."""
    from foldline.cli.plan import planned_calls

    try:
        calls = planned_calls(pipeline)
    except (ConfigError, ValueError) as error:
        yield Problem(f"infra/{pipeline.name}", 0, "", str(error))
        return
    counts["request"] += len(calls)
    for planned in calls:
        for broken in contracts.violations(planned.service, planned.operation, planned.request):
            path, _, message = broken.partition(": ")
            if any(message.startswith(repr(instance)) for instance in told):
                continue
            yield Problem(
                f"infra/{pipeline.name}/{planned.step}.yaml", 0, f"{planned.operation} {path}", message
            )


def validate(
    pipeline: Annotated[str | None, typer.Argument(help="One pipeline; all of them when left out.")] = None,
    env: Annotated[str | None, typer.Option(help="One environment; all of them when left out.")] = None,
    output: Annotated[str, typer.Option(help="text or json.")] = "text",
) -> None:
    """Check step files, SQL, AWS requests, DAG files and package names; nothing is started."""
    if output not in ("text", "json"):
        raise typer.BadParameter("must be text or json", param_hint="--output")
    found = findings(project_root(), pipeline, env)
    if output == "json":
        typer.echo(json.dumps(found.document, indent=2))
    else:
        typer.echo("\n".join(filter(None, [found.text, found.summary])))
    raise typer.Exit(1 if found.found else 0)
