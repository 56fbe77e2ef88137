"""Experiments: who tried what, and what came of it. An experiment has trials, a trial has trial components.

``experiments.py``, ``trials.py`` and ``components.py`` have the operations, ``metrics.py`` those of
SageMaker's metrics service. ``jobs.py`` makes a component of each job whose ExperimentConfig asks for one;
the component tells that job from then on. ``lineage.py`` has artifacts and associations.
"""
