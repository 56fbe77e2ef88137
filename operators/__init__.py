"""Airflow operators, one file per step kind. With `dags/` the only importer of airflow; thin by rule: decisions live in pure modules."""
