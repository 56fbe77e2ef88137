"""Airflow as these tests want it, before anything imports it: no examples, nothing in the developer's home."""

from __future__ import annotations

import os
import tempfile

os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="foldline-airflow-")
