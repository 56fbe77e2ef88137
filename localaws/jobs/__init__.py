"""How a program runs under SageMaker's container contract on this computer, whoever asked for it.

``machine.py`` is the computer as a fleet of instances: ``slots.py`` queues jobs by cores, ``sandbox.py``
gives each host its own ``/opt/ml``. ``channels.py`` brings S3 objects in, ``artifacts.py`` takes results out,
``contract.py`` and ``script_mode.py`` write the files and the environment a program reads, ``processes.py``
starts, watches and ends it, ``logpump.py`` sends its lines to CloudWatch's streams while it runs.
"""
