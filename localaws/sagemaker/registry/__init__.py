"""The model registry: package groups, packages and their names."""
