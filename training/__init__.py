"""Fitting, tuning and judging. `request.py`, `search.py` and `select.py` are read by Airflow; the rest runs in the container."""
