"""The keeper: one small process for each state folder that is the parent of all job programs.

It outlives the server, so that ``kill -9`` of the server leaves jobs running, and the next server finds them
again. ``client.py`` is read by the server; all else runs in the keeper and needs the standard library only.
``run.py`` is the folder of one job's programs, which both sides read.
"""
