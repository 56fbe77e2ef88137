"""The report: one safe, self-contained page, whole or partial, whose every figure is in the run record."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from foldline.report.plots.timeline import bars
from foldline.report.plots.trials import Scale
from foldline.report.render import report_html
from foldline.report.verdict import steps_not_run, verdict
from foldline.report.views import metric_rows, operating_point, slice_tables
from foldline.runs import JobRecord, RunRecord, TaskRecord
from tests.unit.foldline import sample_run

VOID = {"meta", "br", "hr", "img", "link", "input", "path", "use"}


class Page(HTMLParser):
    """What a browser would find in the page: tags with their attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.open: list[str] = []
        self.text = ""
        self.script = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert tag == self.open.pop(), f"</{tag}> closes another tag"

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.script += data
        elif not self.open or self.open[-1] != "style":
            self.text += data

    def named(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes in self.tags if "id" in attributes]


@pytest.fixture(scope="module")
def html() -> str:
    return report_html(sample_run.whole_run())


@pytest.fixture(scope="module")
def page(html) -> Page:
    return Page(html)


def task_run(*tasks: TaskRecord, **fields) -> RunRecord:
    return RunRecord("p", "r", "local", sample_run.at(0), 1.0, tasks=list(tasks), **fields)


def test_headline(page):
    """
    The page opens with what the run came to: endpoint, scores with spread, hold-out beside the baseline.
    """
    for told in (
        "Live: endpoint flight-delays serves flight-delays version 3",
        "Better than the baseline by 0.0840 ROC AUC on average over 5 folds; the margin asked for is 0.02.",
        "0.7423 ± 0.0050",
        "baseline 0.6411, 26,824 rows never seen before",
    ):
        assert told in " ".join(page.text.split())


def test_every_plot_is_there_and_tells_its_numbers(page):
    """
    Ten plots, each an image with a label that a screen reader can say.
    """
    labels = [svg["aria-label"] for svg in page.named("svg")]
    assert ["img"] * 10 == [svg["role"] for svg in page.named("svg")]
    assert 10 == len(set(labels))
    assert "ROC curve: AUC 0.7186, baseline 0.6411" in labels
    assert "Rows dropped by rule: cancelled 9,430, impossible_air_time 2, duplicate 41" in labels


def test_nothing_is_fetched(html, page):
    """
    The page names no address at all: it opens in a train as it does in the office.
    """
    assert [] == re.findall(r"https?:|//\w+\.\w|@import|url\((?!#)", html)
    assert [] == [
        tag for tag, attributes in page.tags if "src" in attributes or tag in ("link", "iframe", "object")
    ]


def test_references_are_within_the_page(html, page):
    """
    Ids are unique over all plots, and every reference has its target.
    """
    assert len(page.ids) == len(set(page.ids))
    targets = re.findall(r"(?:href=\"|url\()#([\w-]+)", html)
    assert set(targets) <= set(page.ids)


def test_page_is_small(html):
    """
    The whole report is below one and a half megabytes.
    """
    assert len(html.encode()) < 1_500_000


def test_plots_follow_the_theme(html):
    """
    No stand-in colour and no typeface of matplotlib is left: colours and type are the page's.
    """
    assert "#010a0" not in html
    assert "DejaVu" not in html


def test_policy_allows_this_script_alone(html, page):
    """
    The content policy holds the digest of the one script, so that an injected one could not run.
    """
    digest = base64.b64encode(hashlib.sha256(page.script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in html
    assert 1 == len(page.named("script"))


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'--></svg>$x^2$"


def test_hostile_texts_are_shown_not_run():
    """
    Whatever a table, a rule, an error or a setting holds, it is text on the page.
    """
    run = sample_run.whole_run()
    ingest = run.evidence("ingest") | {"dropped": {HOSTILE: 5}, "rules": {HOSTILE: HOSTILE}}
    trial = {
        "number": 0,
        "hyperparameters": {HOSTILE: HOSTILE},
        "scores": [0.7, 0.8],
        "mean": 0.75,
        "sd": 0.1,
    }
    other = trial | {"number": 1, "hyperparameters": {HOSTILE: "b"}, "mean": 0.7}
    tuning = {"metric": HOSTILE, "direction": "maximize", "folds": 2, "trials": [trial, other], "best": 0}
    deploy = {"endpoint": HOSTILE, "example": {"features": {HOSTILE: HOSTILE}, "prediction": 0.5}}
    tasks = [
        TaskRecord("ingest", "ingest", started=sample_run.at(0), evidence=ingest),
        TaskRecord(
            "tuning",
            "tuning",
            started=sample_run.at(1),
            evidence=tuning,
            jobs=[JobRecord(HOSTILE, HOSTILE, HOSTILE)],
        ),
        TaskRecord(
            HOSTILE, "deploy", started=sample_run.at(2), evidence=deploy, state="failed", error=HOSTILE
        ),
    ]
    hostile = RunRecord(HOSTILE, HOSTILE, HOSTILE, HOSTILE, 1.0, {HOSTILE: HOSTILE}, {HOSTILE: HOSTILE}, {"deploy": {HOSTILE: HOSTILE}}, {HOSTILE: HOSTILE}, tasks)  # fmt: skip
    page = Page(report_html(hostile))
    assert 1 == len(page.named("script"))
    assert [] == page.named("img")
    assert [] == [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert HOSTILE in page.text
    assert "deploy" in page.text


def test_rejected_run():
    """
    A run that the gate stopped says so with the numbers, keeps its plots and leaves out what never ran.
    """
    run = sample_run.rejected_run()
    page = Page(report_html(run))
    assert ("stopped", "Stopped by the gate") == (verdict(run).state, verdict(run).title)
    assert "Better than the baseline by 0.0119 ROC AUC" in page.text
    assert {"folds", "trials"} <= set(page.ids)
    assert set() == {"holdout", "deployment"} & set(page.ids)
    assert ["training", "register", "transform", "evaluation", "deploy"] == steps_not_run(run)
    assert 5 == page.text.count("not run")


def test_leaking_run():
    """
    The quality gate's offender is the headline and the first row of the checks.
    """
    run = sample_run.leaking_run()
    page = Page(report_html(run))
    told = "1 of 21 checks failed: dep_delay alone reaches AUC 0.9312"
    assert verdict(run).reason.startswith(told)
    assert page.text.index("✗ failed") < page.text.index("✓ passed")


def test_failed_task_is_the_headline():
    """
    Any other failure names its task and shows the error in full.
    """
    error = "flight-delays-training-abc failed after 4 min\n  cause   KeyError: 'tenure'"
    run = task_run(TaskRecord("training", "training", started=sample_run.at(0), state="failed", error=error))
    assert ("failed", "Failed at training") == (verdict(run).state, verdict(run).title)
    assert "KeyError: 'tenure'" in Page(report_html(run)).text


def test_unfinished_run():
    """
    A run whose worker vanished names the step that has no record, and the job that ended badly.
    """
    job = JobRecord("fl-split-x", "processing", "Stopped")
    run = task_run(TaskRecord("quality", "quality", jobs=[job]), config={"quality": {}, "preprocessing": {}})
    told = verdict(run)
    assert ("unfinished", "Ended before preprocessing") == (told.state, told.title)
    assert "processing job fl-split-x ended as Stopped." == told.reason


def test_empty_run():
    """
    A run without a single task is a page all the same.
    """
    assert "Finished" in Page(report_html(task_run())).text


def gaps() -> list:
    """The sample's tasks, each once without any one part of its evidence."""
    tasks = {task.step: task for task in sample_run.whole_run().tasks}
    return [
        pytest.param(
            replace(task, evidence={k: v for k, v in task.evidence.items() if k != gone}), id=f"{step}-{gone}"
        )
        for step, task in tasks.items()
        for gone in task.evidence
    ]


@pytest.mark.parametrize("task", gaps())
def test_missing_evidence_leaves_a_gap_not_an_error(task):
    """
    Whatever part a task did not leave, the page is drawn without it and well formed.
    """
    assert Page(report_html(task_run(task))).open == []


@pytest.mark.parametrize("step", sorted({task.step for task in sample_run.whole_run().tasks}))
def test_null_evidence_leaves_a_gap_not_an_error(step):
    """
    Parts that are there but null are told as missing.
    """
    task = next(task for task in sample_run.whole_run().tasks if task.step == step)
    nothing = replace(task, evidence=dict.fromkeys(task.evidence))
    assert Page(report_html(task_run(nothing))).open == []


def test_drawing_is_repeatable(html):
    """
    The same record gives the same bytes: no clock, no random id.
    """
    assert html == report_html(RunRecord.from_json(sample_run.whole_run().to_json()))


def test_lower_is_better_for_a_loss():
    """
    A smaller log loss counts as better, a smaller AUC as worse.
    """
    rows = metric_rows(
        {"metrics": {"roc_auc": 0.6, "log_loss": 0.3}, "baseline": {"roc_auc": 0.7, "log_loss": 0.4}}
    )
    assert [("roc_auc", False), ("log_loss", True)] == [(row["name"], row["better"]) for row in rows]


def test_threshold_lies_on_both_curves():
    """
    The ring is at (fpr, tpr) and at (recall, precision); without counts there is none.
    """
    assert ((0.25, 0.5), (0.5, 0.4), 0.25) == operating_point({"tn": 9, "fp": 3, "fn": 2, "tp": 2})
    assert (None, None, None) == operating_point({})


def test_slices_from_worst_to_best():
    """
    Each column's slices begin with the worst; a slice without a score comes last.
    """
    told = [{"column": "c", "value": v, "roc_auc": auc} for v, auc in (("a", 0.8), ("b", None), ("d", 0.6))]
    assert ["d", "a", "b"] == [one["value"] for one in slice_tables({"slices": told})["c"]]


def test_parallel_jobs_have_lanes_of_their_own():
    """
    Jobs that ran at the same time never share a lane; one that came later takes a free one.
    """
    jobs = [
        JobRecord(str(n), "training", "Completed", seconds=2, started=sample_run.at(s))
        for n, s in enumerate((0, 1, 2.5))
    ]
    (bar,) = bars([TaskRecord("tuning", "tuning", started=sample_run.at(0), seconds=5, jobs=jobs)])
    assert [(0.0, 2, 0), (1.0, 2, 1), (2.5, 2, 0)] == list(bar.jobs)
    assert 2 == bar.lanes


def test_wide_ranges_are_logarithmic():
    """
    A learning rate from 0.001 to 0.1 has 0.01 in the middle; words lie by rank.
    """
    assert 0.5 == pytest.approx(Scale([0.001, 0.01, 0.1]).height(0.01))
    assert [0.0, 1.0] == [Scale(["gbtree", "dart"]).height(value) for value in ("dart", "gbtree")]
    assert 0.5 == Scale([3, 3]).height(3)
