"""Processing step: the ingested table becomes k shards, their manifests and a hold-out. Container side.

Inputs: ``settings``, ``table``. Outputs: ``folds``, ``holdout``. Rows are written once; what a job trains on
is a list of shards, so k folds cost one copy of the data.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from foldline.folds import FoldManifest, Schema, Shard, channel_manifest
from foldline.layout import RunLayout, S3Uri
from preprocessing.container import JobDir, run
from preprocessing.holdout import held_out, holdout_rule, write_holdout
from preprocessing.rows import canonical_rows, group_numbers
from preprocessing.shards import write_shard
from preprocessing.splitters import assign
from preprocessing.table import LABEL, ROW_ID, labels_of, read_table

LAYOUT = RunLayout("bucket", "pipeline", "run")
"""Any run's layout: only the paths below its folds prefix are used here."""


def split(job: JobDir) -> None:
    """Write the folds and the hold-out that the settings ask for.

    Raises:
        DataError: The table or the settings do not allow it; says which line to mend.
    """
    settings = job.settings()
    schema = Schema.from_dict(settings["schema"])
    rule, plan = settings["holdout"], settings["folds"]
    column = plan.get("column")
    keep = tuple(name for name in (column, rule and rule["column"]) if name)
    rows = canonical_rows(read_table(job.input("table")), schema, keep)
    outside = held_out(rows, rule)
    write_holdout(job.output("holdout"), rows.filter(pa.array(outside)), schema, holdout_rule(rule))
    folder = job.output("folds")
    manifest = FoldManifest(
        splitter=plan["splitter"],
        column=column,
        seed=plan["seed"],
        schema=schema,
        shards=_write_shards(folder, rows.filter(pa.array(~outside)), schema, plan),
        holdout_rows=int(outside.sum()),
        holdout_rule=holdout_rule(rule),
    )
    (folder / "manifest.json").write_text(manifest.to_json(), "utf-8")
    _write_channels(folder, manifest, settings["folds_uri"])
    print(f"{manifest.rows} rows in {manifest.k} folds, {manifest.holdout_rows} held out")  # noqa: T201 - the job's log


def _write_shards(folder: Path, rows: pa.Table, schema: Schema, plan: dict[str, Any]) -> tuple[Shard, ...]:
    column = plan.get("column")
    folds = assign(
        plan["splitter"],
        labels=labels_of(rows),
        groups=group_numbers(rows[column], column) if column else None,
        k=plan["k"],
        seed=plan["seed"],
    )
    group = [column] if column and column not in schema.features else []
    rows = rows.select([ROW_ID, LABEL, *group, *schema.features])
    return tuple(
        write_shard(folder, fold, rows.take(pa.array(np.flatnonzero(folds == fold))))
        for fold in range(plan["k"])
    )


def _write_channels(folder: Path, manifest: FoldManifest, folds_uri: str) -> None:
    channels = {LAYOUT.all_manifest: manifest.shards}
    for number in range(manifest.k):
        fold = manifest.fold(number)
        channels[LAYOUT.train_manifest(number)] = fold.train
        channels[LAYOUT.validation_manifest(number)] = (fold.validation,)
    for uri, shards in channels.items():
        path = folder / _below_folds(uri)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(channel_manifest(folds_uri, shards)), "utf-8")


def _below_folds(uri: S3Uri) -> str:
    return uri.key[len(LAYOUT.folds.key) :]


if __name__ == "__main__":
    raise SystemExit(run(split, "message"))
