"""Effects on AWS beside jobs: single calls with retries, queries, crawlers, endpoints, logs, the source tree.

Clients and clocks are handed in. `foldline.jobs` starts jobs, `foldline.aws` makes the clients.
"""
