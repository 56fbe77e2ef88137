"""The documents do not rot: what they name exists, what they quote is so, what they list is what the code does."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.documents import ROOT, Block, Document, documents

DOCUMENTS = documents()
PARTS = ("foldline", "operators", "dags", "infra", "preprocessing", "training", "deploy", "localaws", "tests")
TOP = (*PARTS, "docs", "bench", ".ci")
YAML_BLOCKS = [(doc, block) for doc in DOCUMENTS for block in doc.blocks if block.language == "yaml"]
SERVICES = {
    "S3": "s3",
    "SageMaker": "sagemaker",
    "SageMaker runtime": "sagemaker-runtime",
    "SageMaker Feature Store runtime": "sagemaker-featurestore-runtime",
    "SageMaker metrics": "sagemaker-metrics",
    "Glue": "glue",
    "Athena": "athena",
    "Redshift Data": "redshift-data",
    "CloudWatch Logs": "logs",
    "CloudWatch": "cloudwatch",
    "Application Auto Scaling": "application-autoscaling",
    "Resource Groups Tagging": "resourcegroupstaggingapi",
    "IAM": "iam",
    "STS": "sts",
}
"""Section of docs/localaws.md, and boto3's name of the service it lists."""
each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)


def page(name: str) -> Document:
    return next(document for document in DOCUMENTS if document.name == name)


@each_document
def test_links_resolve(document: Document) -> None:
    """
    Every relative link leads to a file or folder, and to a heading where it names one.
    """
    broken = []
    for target, anchor in document.links():
        known = Document(target).anchors if anchor and target.is_file() else {anchor}
        if not target.exists() or anchor not in known:
            broken.append(f"{target.name}#{anchor}")

    assert [] == broken


@each_document
def test_named_paths_exist(document: Document) -> None:
    """
    A code span that reads like a path of this repository is one, or a file this page itself makes.
    """
    made = {block.path for block in document.blocks}
    paths = [span for span in document.spans if re.fullmatch(r"[\w.-]+/[\w./-]*", span)]
    ours = [path for path in paths if path.partition("/")[0] in TOP and path not in made]

    assert [] == [path for path in ours if not (ROOT / path).exists()]


@each_document
def test_make_words_exist(document: Document) -> None:
    """
    `make X` names a target of the Makefile.
    """
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    words = {word for line in document.commands() for word in re.findall(r"(?:^|\s)make ([a-z]+)", line)}

    assert set() == words - targets


def foldline_calls(line: str) -> Iterator[list[str]]:
    """The words behind `foldline` in a line, up to whatever ends a command."""
    for call in re.findall(r"(?:^|\s|;)foldline ([^#;|&]+)", line):
        yield shlex.split(call)


@each_document
def test_foldline_commands_and_options_exist(document: Document) -> None:
    """
    `foldline X` names a command, and every option written behind it is one of that command's.
    """
    import typer

    from foldline.cli.main import app

    root, wrong = typer.main.get_command(app), []
    for line in document.commands():
        for words in foldline_calls(line):
            command: Any = root
            while hasattr(command, "commands") and words and words[0] in command.commands:
                command = command.commands[words.pop(0)]
            options = {name for parameter in command.params for name in parameter.opts}
            unknown = [
                word for word in words if word.startswith("-") and word.partition("=")[0] not in options
            ]
            if command is root or unknown:
                wrong.append(line.strip())

    assert [] == wrong


def model_of(path: str) -> Any:
    """The model that reads a step file or an environment."""
    from foldline.environment import Environment
    from foldline.steps.kinds import KINDS
    from foldline.steps.settings import PipelineSettings

    file = Path(path)
    if file.parts[:2] == ("infra", "env"):
        return Environment
    return {**KINDS, "pipeline": PipelineSettings}[file.stem]


@pytest.mark.parametrize(
    ("document", "block"), YAML_BLOCKS, ids=[f"{doc.name}:{block.line}" for doc, block in YAML_BLOCKS]
)
def test_yaml_blocks_are_valid(document: Document, block: Block, tmp_path: Path) -> None:
    """
    Every YAML block names its file, is valid for its kind, and is what that file says where the repository has it.
    """
    from foldline.stepfiles.documents import read_document

    assert block.path, f"{document.name}:{block.line} begins with no comment that names its file"
    model, file = model_of(block.path), tmp_path / "block.yaml"
    file.write_text(block.text)
    written = read_document(file, block.path).without("not_secret").value
    named = {"name": "documented"} if "name" in model.model_fields and "env" in block.path else {}

    model.model_validate({**named, **written})
    if document.name != "docs/tutorial.md" and (ROOT / block.path).is_file():
        real = read_document(ROOT / block.path, block.path).value
        assert {key: real[key] for key in written} == written


def listed_operations(section: str) -> set[str]:
    """The operations in the first column of a section's table."""
    rows = re.findall(r"^\| (`[^|]*) \|", section, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def least(shape: Any) -> Any:
    """A value with the required members of a shape."""
    match shape.type_name:
        case "structure":
            return {name: least(shape.members[name]) for name in shape.required_members}
        case "list":
            return [least(shape.member)]
        case "map":
            return {}
        case "blob":
            return b"x"
        case "string":
            return shape.enum[0] if shape.enum else "nobody"
        case "boolean":
            return False
        case "timestamp":
            return 0
        case _:
            return 1


@pytest.mark.parametrize(("section", "service"), SERVICES.items(), ids=SERVICES.values())
def test_the_local_endpoint_serves_what_its_page_lists(
    section: str, service: str, endpoint: Any, connect: Callable[..., Any]
) -> None:
    """
    Asked for every operation of the service, the server refuses as NotImplemented exactly those not listed.
    """
    from botocore import xform_name
    from botocore.config import Config
    from botocore.exceptions import ClientError

    client = connect(endpoint, service, config=Config(parameter_validation=False))
    in_url = service in ("s3", "sagemaker-runtime", "sagemaker-featurestore-runtime")
    served = set()
    for name in client.meta.service_model.operation_names:
        operation = client.meta.service_model.operation_model(name)
        if operation.auth_type == "none" or operation.endpoint:
            continue  # asked without a signature, or at a host of its own
        try:
            getattr(client, xform_name(name))(**(least(operation.input_shape) if in_url else {}))
            served.add(name)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NotImplemented":
                served.add(name)

    assert listed_operations(page("docs/localaws.md").section(section)) == served


MEANT = {
    "create_job": "glue",
    "get_database": "glue",
    "get_query_results": "athena",
    "get_session": "none: boto3's own",
    "get_connection": "none: Airflow's own",
    "cancel_statement": "redshift-data",
}
"""The service whose operation is meant, where several have one of this name."""


def called_actions() -> set[str]:
    """The IAM actions of every AWS operation that the kernel, the operators or a rollout name in their code."""
    from botocore import xform_name
    from botocore.loaders import create_loader

    from foldline.outcomes import PROCESSING, TRAINING, TRANSFORM, TUNING
    from foldline.remote.watched import WATCHED

    names = {
        method
        for kind in (TRAINING, PROCESSING, TRANSFORM, TUNING)
        for method in (kind.create, kind.describe, WATCHED[kind.name].stop)
    }
    for file in (
        *(ROOT / "foldline").rglob("*.py"),
        *(ROOT / "operators").glob("*.py"),
        ROOT / "deploy/rollout.py",
    ):
        if file.name != "samples.py":  # makes the demo's bucket, on nobody's behalf but its own
            nodes = list(ast.walk(ast.parse(file.read_text())))
            names |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
            names |= {
                node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)
            }
    actions = set()
    for service in SERVICES.values():
        for operation in create_loader().load_service_model(service, "service-2")["operations"]:
            method = xform_name(operation)
            if "_" in method and method in names and MEANT.get(method, service) == service:
                actions.add(f"{service.removesuffix('-runtime')}:{operation}")
    spelt = {
        "s3:ListObjectsV2": "s3:ListBucket",
        "s3:HeadObject": "s3:GetObject",
        "s3:DeleteObjects": "s3:DeleteObject",
        "s3:HeadBucket": "s3:ListBucket",
        "s3:ListMultipartUploads": "s3:ListBucketMultipartUploads",
        "resourcegroupstaggingapi:GetResources": "tag:GetResources",
        "resourcegroupstaggingapi:GetTagValues": "tag:GetTagValues",
    }
    return {spelt.get(action, action) for action in actions}


def test_the_permissions_are_those_of_the_calls() -> None:
    """
    docs/aws.md lists for the caller exactly the actions the code calls, and the two that come with them.
    """
    caller = page("docs/aws.md").section("2. Permissions").partition("Athena reads and writes")[0]
    listed = set(re.findall(r"`([\w-]+:\w+)`", caller))

    assert called_actions() == listed - {"sagemaker:AddTags", "iam:PassRole"}


def test_every_operator_has_its_section() -> None:
    """
    docs/operators.md has a section for each operator a DAG file may use, and for no other.
    """
    classes = {
        node.name
        for file in (ROOT / "operators").glob("*.py")
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.ClassDef) and node.name.endswith(("Operator", "Sensor"))
    }
    headings = re.findall(r"^## (\w+)", page("docs/operators.md").text, re.MULTILINE)

    assert classes - {"StepOperator", "AthenaSensor", "FoldTrainingOperator"} | {"cross_validation"} == set(
        headings
    )


def test_the_table_of_operators_has_them_all() -> None:
    """
    The table that opens docs/operators.md names each section once, and with it each kind of step.
    """
    from foldline.steps.kinds import KINDS

    text = page("docs/operators.md").text
    rows = re.findall(r"^\| \[(\w+)[^]]*\]\(#\w+\) \| (?:\[(\w+)\]|none)", text, re.MULTILINE)

    assert sorted(re.findall(r"^## (\w+)", text, re.MULTILINE)) == sorted(operator for operator, _ in rows)
    assert sorted(KINDS) == sorted(kind for _, kind in rows if kind)


def test_every_operator_has_an_example() -> None:
    """
    Each operator of docs/operators.md is used by a DAG file that docs/examples/README.md lists.
    """
    linked = {file for file, _ in page("docs/examples/README.md").links() if file.suffix == ".py"}
    used = {name for file in linked for name in re.findall(r"\b(\w+)\(", file.read_text())}
    wanted = set(re.findall(r"^## (\w+)", page("docs/operators.md").text, re.MULTILINE))

    assert set() == wanted - used


def test_results_are_described_as_they_are() -> None:
    """
    Where docs/operators.md gives a result's keys, they are those of the typed dict.
    """
    from operators import results

    rows = re.findall(
        r"^\| gives \| .*?`(\w+Result)`: (.*?) \|$", page("docs/operators.md").text, re.MULTILINE
    )
    told = {name: set(re.findall(r"`(\w+)`(?! or|\))", keys.partition(" (")[0])) for name, keys in rows}

    assert len(rows) >= 9
    assert {name: set(getattr(results, name).__annotations__) for name in told} == told


def test_a_dag_file_is_as_short_as_the_readme_says() -> None:
    """
    The line count in the README is the file's.
    """
    lines = len((ROOT / "dags/flight_delays.py").read_text().splitlines())

    assert f"dags/flight_delays.py), {lines} lines" in page("README.md").text
