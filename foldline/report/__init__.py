"""The one-page HTML report of a run, drawn from its run record and nothing else.

`render.report_html` is the door; matplotlib and jinja2 are imported when it is called, not before.
"""
