"""The rows of the fault table: what each fault is, what sees to it, and which tests prove it."""
