"""Search over resources, by their describing documents."""
