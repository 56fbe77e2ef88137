"""Data sets and facets in the classes of the OpenLineage client; imported only where that is installed."""

from __future__ import annotations

from typing import Any

import attrs
from openlineage.client.event_v2 import InputDataset, OutputDataset
from openlineage.client.facet_v2 import (
    RunFacet,
    dataset_version_dataset,
    output_statistics_output_dataset,
    schema_dataset,
)

from foldline.lineage import Dataset


@attrs.define(kw_only=True)
class FoldlineRunFacet(RunFacet):
    """What Foldline knows of a task's run: names, states and figures; never a setting's value.

    Attributes:
        pipeline: The pipeline.
        step: The step.
        environment: Name of the environment.
        config: Digest of all settings.
        jobs: Name, kind, status, ARN and seconds of each remote job.
        figures: Numbers such as scores and bytes scanned, by name.
    """

    pipeline: str
    step: str
    environment: str
    config: str
    jobs: list[dict[str, Any]]
    figures: dict[str, float]


def facets(one: Dataset) -> dict[str, Any]:
    """The columns and the version of a data set, as far as they are known."""
    found: dict[str, Any] = {}
    if one.fields:
        columns = [schema_dataset.SchemaDatasetFacetFields(name, type=type_) for name, type_ in one.fields]
        found["schema"] = schema_dataset.SchemaDatasetFacet(fields=columns)
    if one.version:
        found["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(one.version)
    return found


def input_dataset(one: Dataset) -> InputDataset:
    """A data set that was read."""
    return InputDataset(namespace=one.namespace, name=one.name, facets=facets(one))


def output_dataset(one: Dataset) -> OutputDataset:
    """A data set that was written, with the number of its rows."""
    statistics: dict[str, Any] = {}
    if one.rows is not None:
        statistics["outputStatistics"] = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
            rowCount=one.rows
        )
    return OutputDataset(namespace=one.namespace, name=one.name, facets=facets(one), outputFacets=statistics)
