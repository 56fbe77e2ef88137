"""What runs inside a Glue job's process: ``runscript.py``, and the ``awsglue`` package its scripts import.

This folder is put on the PYTHONPATH of jobs, and of nothing else. ``awsglue`` is written here from Glue's
documented interface; it talks to S3 and to the catalogue over HTTP, as any client does.
"""
