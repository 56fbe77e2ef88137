"""`make matrix`: the DAG tests and the short faults, on every Airflow, Python and database that we promise.

`cells.py` says what there is, `run.py` runs a cell in an environment of its own, `table.py` writes the results
into docs/reliability.md.
"""
