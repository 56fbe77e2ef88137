"""Faults on demand: rules that make the endpoint answer, or a job end, as AWS does on a bad day.

`rule.py` says what a rule is, `rules.py` keeps them and counts, `calls.py` does to an API call what the rules
say (in the words of `codes.py`), `control.py` is the page under `/_localaws/faults`. What strikes a job is
carried out by the job's own run; it asks `Faults.on_job`.
"""
