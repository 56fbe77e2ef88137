"""Airflow operators, one file per step kind; with `dags/` the only importer of airflow.

Thin by rule: decisions live in pure modules, effects on AWS in the kernel.
"""
