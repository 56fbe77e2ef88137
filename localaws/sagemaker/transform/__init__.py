"""Batch transform: the operations, the records of its files, the payloads, its run."""
