"""How a program runs under SageMaker's container contract on this computer, whoever asked for it.

``machine.py`` is the computer as a fleet of instances: ``slots.py`` queues jobs by cores, ``job_queue.py``
the jobs of one kind, ``sandbox.py`` gives each host its own ``/opt/ml``. ``channels.py`` brings S3 objects
in, ``artifacts.py`` takes results out, ``contract.py`` and ``script_mode.py`` write the files and the
environment a program reads. ``keeper/`` is the process that starts programs and outlives the server,
``warm/`` starts them quickly; ``processes.py`` is the server's side of one job's programs, ``follower.py``
brings their output to CloudWatch's streams. The programs of model servers are the server's own children
(``serverprograms.py``, ``logpump.py``).
"""
