"""From table to folds. `request.py` and `ingest.py` are read by Airflow; the others run in the container."""
