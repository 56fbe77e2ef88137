"""Glue's crawlers, jobs and data quality runs, each started once."""
