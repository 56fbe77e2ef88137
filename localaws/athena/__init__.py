"""Athena on DuckDB: real queries over the Glue catalogue's tables and S3's objects.

``api`` lists the handlers: ``queries``, ``workgroups``, ``prepared``, ``namedqueries``, ``catalogs``,
``tags``. ``runs`` holds a query's life, ``records`` its document, ``reuse`` the results taken over. A
query's way: ``statements`` tells what kind it is; ``executions`` runs it on an ``engine`` connection;
``compiler`` turns Athena's SQL into DuckDB's with ``dialect`` (parsing), ``inference`` and ``checks``
(types), ``functions``, ``macros``, ``natives``, ``rewrites``, ``calls`` and ``unnest`` (meaning);
``relations``, ``pruning``, ``projections``, ``evolution`` and ``serdes`` (``textserdes``, ``jsonserde``,
``columnar``, ``avro``, ``packing``) make the catalogue's tables readable; ``columns``, ``results``,
``metadata`` and ``publishing`` word and store what comes out; ``writes`` and ``tablewrites`` are behind
UNLOAD, CTAS and INSERT, ``viewwrites`` behind views; ``ddl``, ``createtable``, ``altertable`` and ``shows``
answer what Athena leaves to Hive; ``translation`` words DuckDB's errors.
"""
