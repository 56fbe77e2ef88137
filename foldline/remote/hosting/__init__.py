"""Models and endpoints: one deployment at a time, brought to its end whatever happens in between."""
