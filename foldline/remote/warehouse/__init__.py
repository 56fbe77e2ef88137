"""Statements of Athena and Redshift, each started once for its token, and the tables they make."""
