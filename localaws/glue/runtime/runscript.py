"""Runs a Glue script as ``__main__`` and puts the exception that ends it in words: the run's ErrorMessage.

``python runscript.py FOLDER SCRIPT ARGUMENT …``; the script sees ``sys.argv`` as if it had been started
itself. Standard error goes to FOLDER/stderr, the words to FOLDER/error. Runs in a job's process, on the
standard library alone unless the job is a Spark job.
"""

from __future__ import annotations

import os
import runpy
import sys
import traceback
from pathlib import Path
from types import TracebackType


def main() -> int:
    """Run the script; the exit code."""
    folder, script, *arguments = sys.argv[1:]
    with Path(folder, "stderr").open("ab") as errors:
        os.dup2(errors.fileno(), 2)
    sys.argv = [script, *arguments]
    sys.path[0] = str(Path(script).parent)
    try:
        if "LOCALAWS_GLUE_STAGE" in os.environ:
            from awsglue.staging import install

            install()
        runpy.run_path(script, run_name="__main__")
    except SystemExit as error:
        if error.code in (None, 0):
            return 0
        if not isinstance(error.code, int):
            sys.stderr.write(f"{error.code}\n")
        return _failed(folder, f"SystemExit: {error.code}")
    except BaseException as error:
        # The frames of this file and of runpy are no business of the script's author.
        own = sum("runpy" in frame.filename or frame.filename == __file__ for frame in _frames(error))
        error.__traceback__ = _skipped(error, own)
        traceback.print_exception(error)
        return _failed(folder, f"{type(error).__name__}: {error}")
    return 0


def _frames(error: BaseException) -> traceback.StackSummary:
    return traceback.extract_tb(error.__traceback__)


def _skipped(error: BaseException, count: int) -> TracebackType | None:
    found = error.__traceback__
    for _ in range(count):
        found = found.tb_next if found is not None else None
    return found


def _failed(folder: str, message: str) -> int:
    """Leave the message where the run looks for it; the exit code of a failure."""
    Path(folder, "error").write_text(message)
    return 1


if __name__ == "__main__":
    sys.exit(main())
