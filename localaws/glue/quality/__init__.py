"""Glue Data Quality: rulesets in DQDL, evaluated for real over the catalogue's tables.

``dqdl.py`` reads a ruleset, ``conditions.py`` says what satisfies a rule, ``measures.py`` has the kinds of
rules and what they measure with DuckDB, ``evaluation.py`` puts a result together, ``runs.py`` leads a run to
its end.
"""
