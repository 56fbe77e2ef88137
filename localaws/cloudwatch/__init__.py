"""CloudWatch: metrics that are kept by the second, alarms over them that really change state.

``metrics.py`` is the store every service writes to. ``datapoints.py``, ``expressions.py``, ``evaluation.py``
and ``alarmrules.py`` are pure, ``evaluator.py`` is the thread that judges alarms, the rest are handlers.
"""
