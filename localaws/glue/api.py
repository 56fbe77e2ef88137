"""Glue's operations for the front."""

from __future__ import annotations

from localaws.glue.annotations import Annotations
from localaws.glue.catalog import Catalog
from localaws.glue.classifiers import Classifiers
from localaws.glue.connections import Connections
from localaws.glue.crawl_history import CrawlHistory
from localaws.glue.crawler_schedules import CrawlerSchedules
from localaws.glue.crawlers import Crawlers
from localaws.glue.databases import Databases
from localaws.glue.jobs.bookmarks import Bookmarks
from localaws.glue.jobs.definitions import Definitions
from localaws.glue.jobs.runs import Runs
from localaws.glue.partitions import Partitions
from localaws.glue.quality.rulesets import Rulesets
from localaws.glue.quality.runs import EvaluationRuns
from localaws.glue.search import Search
from localaws.glue.security import Security
from localaws.glue.tables import Tables
from localaws.glue.tags import Tags
from localaws.glue.versions import TableVersions
from localaws.world import World

validation_code = "InvalidInputException"


def handlers(world: World) -> list[object]:
    """The objects that serve Glue."""
    catalog, tags = Catalog(world), Tags(world)
    history = CrawlHistory(world.store)
    jobs, bookmarks = Definitions(world, tags), Bookmarks(world.store)
    rulesets = Rulesets(catalog, tags)
    return [
        Databases(catalog),
        Tables(catalog),
        TableVersions(catalog),
        Search(catalog),
        Partitions(catalog),
        Annotations(catalog),
        Connections(world, tags),
        Security(world),
        Classifiers(world),
        Crawlers(world, tags, history),
        CrawlerSchedules(world.store),
        history,
        jobs,
        bookmarks,
        Runs(world, jobs, bookmarks),
        rulesets,
        EvaluationRuns(catalog, rulesets),
        tags,
    ]
