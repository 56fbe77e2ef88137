"""The step files as frozen models: what a user may write, by kind of step.

`settings.py` holds what all kinds share, `data.py` the steps from raw tables to folds, `fitting.py` those
that fit and choose, `release.py` those that bring a model to its endpoint, and `kinds.py` the table of all
of them. Read by Airflow, never by a container: pydantic stays on this side.
"""
