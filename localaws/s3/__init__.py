"""S3: immutable blob files, one SQLite index, and the REST API over them.

``blobs.py`` is the side for other services (in process, local paths, no copies); ``files.py`` and
``index.py`` are its ground; ``rest.py`` routes the REST API to ``buckets.py``, ``objects.py``,
``multipart.py``, ``listing.py``, ``tagging.py`` and ``settings.py``.
"""
