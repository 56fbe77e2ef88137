"""What is generated from the models: JSON Schema and the config reference."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from foldline.cli.schema import generated
from foldline.stepfiles.reference import reference
from foldline.stepfiles.schemas import schemas
from foldline.steps.kinds import KINDS

ROOT = Path(__file__).parents[3]


def test_generated_files_are_up_to_date():
    """
    What is committed is what `foldline schema` writes today.
    """
    stale = [
        file.name for file, text in generated(ROOT).items() if not file.is_file() or file.read_text() != text
    ]
    assert [] == stale, "run `foldline schema` and commit what it writes"


def test_no_schema_is_left_over():
    """
    Every file in infra/schema belongs to a kind that exists.
    """
    assert {f"{name}.json" for name in schemas()} == {file.name for file in (ROOT / "infra/schema").iterdir()}


@pytest.mark.parametrize(
    "file", sorted((ROOT / "infra").glob("*/*.yaml")), ids=lambda file: f"{file.parent.name}/{file.stem}"
)
def test_our_files_pass_their_schema(file):
    """
    An editor that follows the schema finds no fault with the files of this repository.
    """
    jsonschema = pytest.importorskip("jsonschema")
    document = yaml.safe_load(file.read_text())
    name = "environment" if file.parent.name == "env" else document.get("kind", file.stem)
    plain = json.loads(json.dumps(document, default=str))
    jsonschema.Draft202012Validator(schemas()[name]).validate(plain)


def test_a_schema_knows_units_bounds_and_keys():
    """
    Durations are strings with a pattern, defaults are spelt as in a file, unknown keys are refused at every level.
    """
    tuning = schemas()["tuning"]
    job = tuning["$defs"]["TrainingMachine"]
    assert "30 GiB" == job["properties"]["volume"]["default"]
    assert "1h" == job["properties"]["max_runtime"]["default"]
    assert re.match(job["properties"]["max_runtime"]["pattern"], "1h30m")
    assert not re.match(job["properties"]["max_runtime"]["pattern"], "20")
    assert 1 == tuning["$defs"]["SearchSettings"]["properties"]["trials"]["minimum"]
    assert tuning["additionalProperties"] is False
    assert tuning["properties"]["space"]["additionalProperties"] is False
    assert {"const": "tuning"}.items() <= tuning["properties"]["kind"].items()


def test_every_key_is_described():
    """
    No key of any file is without a sentence on what it means.
    """
    bare = []
    for name, document in schemas().items():
        for model in (document, *document.get("$defs", {}).values()):
            bare += [
                f"{name}: {key}" for key, slot in model["properties"].items() if "description" not in slot
            ]
    assert [] == bare


def test_the_reference_has_every_kind_and_key():
    """
    The reference shows type, default and meaning of each key, nested keys under dotted names.
    """
    page = reference()
    assert all(f"## {kind}\n" in page for kind in ("pipeline", *KINDS, "environment"))
    assert "| `folds.k` | whole number, 2 to 100 | `5` | Number of folds. |" in page
    assert "| `job.volume` | size, 1 GiB to 16 TiB | `30 GiB` | Disk of each instance. |" in page
    assert (
        "| `space.<name>.int` | list of 2 whole numbers, or null | `null` | `[low, high]`, both included. |"
        in page
    )
    assert "| `account` | AWS account | **required** |" in page
