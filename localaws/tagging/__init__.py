"""The Resource Groups Tagging API: resources of all services by their tags, through one door."""
