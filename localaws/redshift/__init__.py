"""Redshift's Data API, ``redshift-data``: SQL in Redshift's dialect, really run, by DuckDB.

Each database of a cluster or workgroup is a DuckDB file in the state folder. A cluster, a workgroup and a
database are there as soon as they are named. ``dialect.py`` reads a statement, ``compiler.py`` makes DuckDB's
SQL of it, ``execution.py`` carries it out, ``runs.py`` leads it from SUBMITTED to its end.
"""
