"""Effects on AWS beside jobs; `foldline.jobs` starts jobs, `foldline.aws` makes the clients handed in.

Here lie the words all rooms share: one call and its retries, what is watched and how it ends, what a task
remembers, what is owned. The rooms: ``polling`` (many waits, few calls), ``logs``, ``warehouse`` (Athena,
Redshift), ``glue``, ``hosting`` (models, endpoints), ``orphans`` (what the reaper finds), ``storage`` (S3)
and ``extracts``.
"""
