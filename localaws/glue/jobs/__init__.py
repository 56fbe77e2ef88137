"""Glue jobs: their definitions, their runs, and how a run's script really runs.

``rules`` checks a definition and fills in what Glue fills in; ``definitions``, ``runs`` and ``bookmarks``
answer the API; ``ledger`` holds the runs and their states. ``attempt`` is one run from its start to its
end: ``arguments`` makes the script's command line, ``environment`` its variables, ``libraries`` brings its
modules; its process is the keeper's (``localaws/jobs``). What runs inside it is in ``glue/runtime``.
"""
