"""Processing jobs: the operations, a job's request, its hosts, its outputs, its run."""
