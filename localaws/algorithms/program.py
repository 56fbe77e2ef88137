"""The program of a built-in algorithm: ``program.py train <name>`` or ``program.py serve <name> <socket>``.

Started by its path, so it first makes the package importable, by the folder ``localaws`` lies in and not by
its own, whose modules have names like libraries'.
"""

from __future__ import annotations

import os
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

if TYPE_CHECKING:
    from localaws.algorithms.algorithm import Algorithm

ALGORITHMS = {
    "sagemaker-xgboost": "gradient_boosting",
    "linear-learner": "linear_learner",
    "factorization-machines": "factorization_machines",
    "kmeans": "kmeans",
    "pca": "pca",
    "knn": "knn",
    "randomcutforest": "random_cut_forest",
}
"""The modules by the repositories of AWS's images."""


def algorithm(name: str) -> Algorithm:
    """The algorithm an image's repository holds."""
    found: Algorithm = import_module(f"localaws.algorithms.{ALGORITHMS[name]}").ALGORITHM
    return found


def train(name: str, root: Path) -> int:
    """Run a training job; the program's exit code. What failed is in the failure file."""
    from localaws.algorithms.errors import EXIT_CODE, CustomerError
    from localaws.algorithms.hyperparameters import parsed
    from localaws.algorithms.job import Job

    try:
        job, built_in = Job.at(root), algorithm(name)
        values = parsed(built_in.parameters, job.given)
        built_in.check(values)
        job.require(built_in.channels)
        built_in.train(job, values)
    except CustomerError as error:
        sys.stderr.write(f"Customer Error: {error}\n")
        return _failed(root, str(error), EXIT_CODE)
    except Exception as error:
        traceback.print_exc()
        return _failed(root, f"{type(error).__name__}: {error}", 1)
    return 0


def serve(name: str, model: Path, descriptor: int) -> None:
    """Load a model, then answer requests at a listening socket until SIGTERM."""
    from localaws.containers import serving

    if (model / "code").is_dir() or "SAGEMAKER_PROGRAM" in os.environ:  # a framework's image in script mode
        serving.serve(descriptor)
        return
    from localaws.algorithms.inference import Inference, InferenceHandler

    built_in = algorithm(name)
    InferenceHandler.model = Inference(built_in, built_in.load(model))
    serving.answer_on(descriptor, InferenceHandler)


def _failed(root: Path, reason: str, code: int) -> int:
    """Say in the failure file why the job failed; the exit code."""
    (root / "output").mkdir(parents=True, exist_ok=True)
    (root / "output" / "failure").write_text(reason)
    return code


def main(action: str, name: str, *rest: str) -> int:
    """Run a program; its exit code."""
    root = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
    if action == "train":
        return train(name, root)
    serve(name, root / "model", int(rest[-1]))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
