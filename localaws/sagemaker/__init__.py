"""SageMaker, really running: one file for each resource; its programs run by ``localaws.jobs``.

``api.py`` lists the handlers and ``runtime.py`` calls live endpoints. A resource's file holds its operations
and the one function its status changes through; ``*_run.py`` is what a job does between its slot and its last
status.
``documents.py`` and ``listing.py`` are what every resource shares: create once, describe, list.
"""
