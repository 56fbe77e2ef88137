"""Fitting, tuning, judging. `request.py` and `search.py` are read by Airflow; the rest by the container."""
