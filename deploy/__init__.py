"""From model to endpoint.

`request.py`, `rollout.py` and `gate.py` are read by Airflow; `serve.py` and `records.py` by the container.
"""
