"""The local AWS endpoint: one process on 127.0.0.1 that speaks AWS's wire protocols and really does the work.

A leaf of the project: it imports nothing of ours and none of ours imports it; it is reached by URL, and
``python -m localaws`` starts it. ``server.py`` is the HTTP side, ``front.py`` routes by the SigV4 credential
scope, ``protocols.py`` holds the wire forms, ``shapes.py`` the checks against botocore's service models;
``world.py`` is what every service is handed: a document store, the S3 objects and the logs. One folder or
file per service.
"""
