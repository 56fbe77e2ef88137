"""Pages for a person: what the endpoint holds and does, as HTML for a browser, as JSON for `foldline local`.

A view asks the services by their public operations and gives a plain document; a template shows it. Pages
read and change nothing.
"""
