"""Athena on DuckDB: real queries over the Glue catalogue's tables and S3's objects.

``api`` lists the handlers: ``queries`` (executions and their life), ``workgroups``, ``catalogs``. A query's way:
``statements`` tells what kind it is; ``executions`` runs it on an ``engine`` connection; ``compiler`` turns
Athena's SQL into DuckDB's with ``dialect`` (parsing), ``rewrites`` and ``functions`` (meaning), ``checks`` (types)
and ``macros`` (Trino's functions in DuckDB's terms); ``relations`` and ``serdes`` make the catalogue's tables
readable; ``results`` words what comes out; ``writes`` is behind UNLOAD, CTAS and INSERT; ``ddl`` is written by hand.
"""
