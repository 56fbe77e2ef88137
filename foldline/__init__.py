"""The kernel: the words every stage shares, and the command line.

Importing it costs nothing; nothing here imports Airflow.
"""
