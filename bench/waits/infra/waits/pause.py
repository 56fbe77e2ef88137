"""A job that lasts as long as it is told: by its hyperparameters, or by ``--seconds``."""

import json
import sys
import time
from pathlib import Path

ML = Path("/opt/ml")
if "--seconds" in sys.argv:
    seconds = float(sys.argv[sys.argv.index("--seconds") + 1])
else:
    seconds = float(json.loads((ML / "input" / "config" / "hyperparameters.json").read_text())["seconds"])
    (ML / "model" / "rested").touch()
print(f"pauses for {seconds} s")
time.sleep(seconds)
