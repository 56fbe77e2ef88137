"""From table to folds. `request.py` is read by Airflow; `quality.py`, `split.py` and the rest run in the container."""
