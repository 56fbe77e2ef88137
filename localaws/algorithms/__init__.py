"""SageMaker's built-in algorithms as programs of a job: each trains, serves and logs as AWS's image does.

The programs run in a job's or a model's own process, started by the path of ``program.py``. They use numpy,
scipy, scikit-learn and xgboost, and nothing of the server but the HTTP side of ``containers/serving.py``.
Only ``predefined.py`` is read by the server: which metrics an image's log lines hold.
"""
