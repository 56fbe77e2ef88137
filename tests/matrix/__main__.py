"""`python -m tests.matrix [CELL…]`: run cells one after another, print and keep each result."""

from __future__ import annotations

import datetime as dt
import sys

from tests.matrix.cells import all_cells, chosen
from tests.matrix.run import FOLDER, run
from tests.matrix.table import row, write


def main(words: list[str]) -> int:
    """0 when every chosen cell passed."""
    FOLDER.mkdir(exist_ok=True)
    try:
        cells = chosen(words)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    verdicts = []
    for cell in cells:
        print(f"{cell.name} …", flush=True)
        result = run(cell)
        verdicts.append(result.verdict)
        line = row(result, dt.datetime.now(dt.UTC).date())
        print(line, flush=True)
        if result.versions:
            write({cell.name: line}, [known.name for known in all_cells()])
    return 0 if set(verdicts) == {"passed"} else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
