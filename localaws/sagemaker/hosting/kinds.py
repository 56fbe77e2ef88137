"""Which kind of host a variant gets."""

from __future__ import annotations

from collections.abc import Callable

from localaws.sagemaker.hosting.containers import ContainersHost
from localaws.sagemaker.hosting.hosts import Host
from localaws.sagemaker.hosting.launcher import Launcher
from localaws.sagemaker.hosting.multimodel import MultiModelHost
from localaws.sagemaker.hosting.serverless import ServerlessHost
from localaws.sagemaker.hosting.variants import Variant


def host_of(launcher: Launcher, variant: Variant, on_death: Callable[[], None]) -> Host:
    """A new host for a variant, its programs started if they run from the start.

    Raises:
        JobFailure: An image is unknown, or the model's data cannot be had.
    """
    if variant.container.multi_model:
        return MultiModelHost(launcher, variant.container, variant.seconds)
    if variant.serverless is None:
        return ContainersHost(launcher, variant.containers, direct=variant.direct, on_death=on_death)

    def make() -> ContainersHost:  # one that dies is not revived: the next call starts another
        return ContainersHost(launcher, variant.containers, direct=False, on_death=lambda: None)

    return ServerlessHost(launcher, make, variant.serverless, variant.seconds)
