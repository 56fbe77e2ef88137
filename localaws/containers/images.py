"""The registry of container images: which program on this computer stands in for an image, by its repository.

Other packages add images through the entry-point group ``localaws.images``; each entry point is an ``Image``
or a list of them. The first whose pattern matches wins; entry points are asked before the images listed here.
"""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path

from localaws.jobs.failure import JobFailure

GROUP = "localaws.images"
SERVING = str(Path(__file__).with_name("serving.py"))
PROGRAM = str(Path(__file__).parent.with_name("algorithms") / "program.py")
XGBOOST_SERVING = "sagemaker_xgboost_container.serving:main"


@dataclass(frozen=True)
class Image:
    """What stands in for the images of some repositories.

    Attributes:
        repository: Regular expression the whole repository name must match, for example
            ``sagemaker-xgboost``.
        python: The interpreter that is ``python3`` in the job; its folder comes first on PATH.
        train: The image's own training command, for a job that names neither entrypoint nor script; may be
            empty.
        serve: The image's model server, ours unless given; its last argument will be the number of an open,
            listening socket.
        environment: Variables that the image itself sets.
    """

    repository: str
    python: str = sys.executable
    train: tuple[str, ...] = ()
    serve: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def server(self) -> list[str]:
        """The command of the model server, but for the socket's number."""
        return [*self.serve] if self.serve else [self.python, SERVING]


ALGORITHMS = (
    "sagemaker-xgboost",
    "linear-learner",
    "factorization-machines",
    "kmeans",
    "pca",
    "knn",
    "randomcutforest",
)
"""Repositories of the built-in algorithms; with a script of its own a job of the first is in script mode."""

NOT_HERE = (
    "blazingtext",
    "forecasting-deepar",
    "image-classification",
    "ipinsights",
    "lda",
    "ntm",
    "object-detection",
    "object2vec",
    "semantic-segmentation",
    "seq2seq",
)
"""Repositories of AWS's algorithms that are not played."""


def built_in(name: str) -> Image:
    """The image of a built-in algorithm."""
    program = (sys.executable, PROGRAM)
    variables = {"SAGEMAKER_SERVING_MODULE": XGBOOST_SERVING} if name == "sagemaker-xgboost" else {}
    return Image(
        re.escape(name),
        train=(*program, "train", name),
        serve=(*program, "serve", name),
        environment=variables,
    )


FRAMEWORKS = (
    *map(built_in, ALGORITHMS),
    Image(r"sagemaker-scikit-learn"),
    Image(r"sagemaker-base-python.*"),
    Image(r"sagemaker-distribution-.*"),
    Image(r"(pytorch|tensorflow|mxnet|autogluon)-(training|inference)(-\w+)?"),
    Image(r"huggingface-(pytorch|tensorflow)-(training|inference)(-\w+)?"),
)


def repository(uri: str) -> str:
    """The repository an image's URI names, without registry, tag and digest."""
    name = uri.partition("@")[0]
    registry, slash, rest = name.partition("/")
    if slash and ("." in registry or ":" in registry):
        name = rest
    return name.partition(":")[0]


def image(uri: str) -> Image:
    """What stands in for an image.

    Raises:
        JobFailure: Nothing does.
    """
    name = repository(uri)
    for candidate in (*added_images(), *FRAMEWORKS):
        if re.fullmatch(candidate.repository, name):
            return candidate
    if name in NOT_HERE:
        raise JobFailure("ClientError", f"the built-in algorithm {name} is not implemented by localaws")
    raise JobFailure(
        "ClientError",
        f"no local runtime stands in for the image {uri}: its repository {name!r} is not in the registry "
        f"localaws/containers/images.py; a package can add it through the entry-point group {GROUP!r}",
    )


@functools.cache
def added_images() -> tuple[Image, ...]:
    """The images of other packages' entry points, looked up once."""
    found: list[Image] = []
    for entry in entry_points(group=GROUP):
        value = entry.load()
        found.extend([value] if isinstance(value, Image) else value)
    return tuple(found)
