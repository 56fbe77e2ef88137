"""A job that lasts as long as it is told: by its hyperparameters, or by ``--seconds``."""

import json
import sys
import time
from pathlib import Path

told = Path("/opt/ml/input/config/hyperparameters.json")
if "--seconds" in sys.argv:
    seconds = float(sys.argv[sys.argv.index("--seconds") + 1])
else:
    seconds = float(json.loads(told.read_text())["seconds"])
print(f"pauses for {seconds} s")
time.sleep(seconds)
