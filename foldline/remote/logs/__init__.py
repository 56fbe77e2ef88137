"""What remote work logs: followed while it runs, its last lines when it failed."""
