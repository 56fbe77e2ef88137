"""Hyperparameter tuning jobs: searches whose trials are ordinary training jobs.

``jobs.py`` has the operations, ``run.py`` takes one search from its first trial to its last status. What
a search does next is decided without effects: ``proposals`` and ``bayesian`` say what is tried,
``early_stopping`` which trials are stopped, ``verdict`` when it is over; ``search`` puts them together. All
that is known is in the job's document, so that a server goes on where one that was killed stood.
"""
