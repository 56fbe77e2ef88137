"""The Glue Data Catalog and its crawlers.

``catalog`` is the catalogue itself, used in process by Athena too; ``databases``, ``tables`` and
``partitions`` answer the API over it. ``crawlers`` keeps the crawlers and their states; ``crawl`` is one run
of one; ``walk`` groups the files of a target into tables; ``classify`` and the ``*_schema`` modules read a
file's schema; ``classifiers`` keeps the custom ones; ``definitions`` words a found table as Glue does.
"""
