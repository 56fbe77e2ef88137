"""Reading step files: YAML with the place of every key, units, spellings, every problem at once.

`foldline.config` is the door; `foldline.steps` holds the models of what a file may say.
"""
