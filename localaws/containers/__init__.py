"""What stands in for container images here.

``images.py`` maps an image's URI to a runtime and is read by the server; ``serving.py`` is the model server
and runs in a process of its own, importing nothing else of localaws.
"""
