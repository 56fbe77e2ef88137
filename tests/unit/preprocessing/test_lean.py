"""Jobs import neither pandas nor scikit-learn by accident; who wants them still can."""

from __future__ import annotations

import json
import subprocess
import sys


def modules_after(code: str) -> dict:
    """What a fresh interpreter has imported after ``code``, and what ``found`` then holds."""
    probe = (
        "import json, sys\nfound = None\n"
        f"{code}\n"
        "print(json.dumps({'found': found, 'modules': sorted(sys.modules)}))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_arrow_works_without_pandas():
    """
    Conversions to and from numpy do not import pandas, which would take longer than reading a fold.
    """
    after = modules_after(
        "import numpy as np, pyarrow as pa\n"
        "from preprocessing.lean import arrow_without_pandas\n"
        "arrow_without_pandas()\n"
        "column = pa.table({'x': np.arange(3)})['x']\n"
        "found = [np.asarray(column).tolist(), column.to_pylist()]"
    )

    assert [[0, 1, 2], [0, 1, 2]] == after["found"]
    assert "pandas" not in after["modules"]


def test_xgboost_comes_without_scikit_learn():
    """
    The native API is all there.
    """
    after = modules_after(
        "from preprocessing.lean import xgboost_without_sklearn\n"
        "xgboost = xgboost_without_sklearn()\n"
        "found = [hasattr(xgboost, name) for name in ('train', 'DMatrix', 'QuantileDMatrix', 'Booster')]"
    )

    assert [True] * 4 == after["found"]
    assert not {"sklearn", "pandas", "xgboost.sklearn"} & set(after["modules"])


def test_hidden_libraries_can_be_imported_afterwards():
    """
    An estimator of the user's own may still want scikit-learn.
    """
    after = modules_after(
        "from preprocessing.lean import xgboost_without_sklearn\n"
        "xgboost_without_sklearn()\n"
        "import sklearn\n"
        "found = sklearn.__name__"
    )

    assert "sklearn" == after["found"]


def test_within_the_block_the_import_fails_and_loaded_modules_stay():
    """
    Only what is not loaded yet is hidden.
    """
    after = modules_after(
        "from preprocessing.lean import hidden\n"
        "with hidden('colorsys', 'json'):\n"
        "    import json as loaded\n"
        "    try:\n"
        "        import colorsys\n"
        "    except ModuleNotFoundError as error:\n"
        "        found = str(error)"
    )

    assert "colorsys is hidden: see preprocessing/lean.py" == after["found"]
    assert "colorsys" not in after["modules"]
