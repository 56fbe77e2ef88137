"""Feature Store: feature groups, their online store (SQLite) and their offline store (Parquet in S3).

``groups.py`` and ``metadata.py`` serve SageMaker's control plane, ``records.py`` and ``batches.py`` the
runtime's data plane. A record that was acknowledged is in ``record_store.py``'s file: its newest version in
the online table, and every version in a journal until ``offline.py`` has written it as Parquet.
"""
