"""The `foldline` command: the roof of the house, the only part that may import anything."""
