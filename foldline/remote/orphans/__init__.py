"""What nobody owns any more: found in lists and tags, and done away with when asked to."""
