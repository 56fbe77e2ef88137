"""Warm starts of Python programs: a process that has imported the usual libraries forks a child per program.

``pool.py`` runs in the keeper: it says which command can be warm (``program.py``) and keeps a zygote for each
set of variables that libraries read when they load. ``zygote.py`` is that process; in the forked child
``child.py`` makes itself what a new interpreter would be: inside its host (``namespaces.py``), with its own
variables, descriptors, ``sys.path`` and threads (``threads.py``), or a new process after all where a module
of the job shadows one that is loaded (``shadows.py``). ``main.py`` then runs the program and ends as Python
ends.

Standard library only, as in all of the keeper.
"""
