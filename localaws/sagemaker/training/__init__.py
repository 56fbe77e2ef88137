"""Training jobs: the operations, a job's request, its hosts, its run from slot to last status."""
