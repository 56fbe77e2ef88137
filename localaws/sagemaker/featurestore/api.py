"""Feature Store's tables of handlers, of the control plane and of the runtime."""

from __future__ import annotations

from localaws.sagemaker.featurestore.batches import Batches
from localaws.sagemaker.featurestore.groups import FeatureGroups
from localaws.sagemaker.featurestore.kinds import VALIDATION
from localaws.sagemaker.featurestore.metadata import FeatureMetadata
from localaws.sagemaker.featurestore.offline import OfflineWriter
from localaws.sagemaker.featurestore.records import Records
from localaws.world import World

runtime_validation_code = VALIDATION


def group_handlers(world: World) -> list[object]:
    """What serves SageMaker's operations on feature groups."""
    return [FeatureGroups(world), FeatureMetadata(world)]


def runtime_handlers(world: World) -> list[object]:
    """What serves the runtime, and writes the offline store behind it."""
    records = Records(world)
    return [records, Batches(records), OfflineWriter(world)]
