"""Glue's Python library, as far as localaws has it; what it has not raises ``NotImplementedError`` by name.

``utils`` is for every script; ``context``, ``dynamicframe``, ``transforms`` and ``job`` are for Spark
scripts. ``staging`` lets Spark read and write ``s3://`` paths, ``sources`` and ``sinks`` read and write
dynamic frames, ``catalog`` is the way to the Glue catalogue, ``bookmarks`` keeps what a run has read.
"""
