"""A run record as one self-contained HTML page."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from foldline.report import views, wording
from foldline.report.headline import tiles
from foldline.report.plots.trials import fits_half, varied
from foldline.report.verdict import verdict
from foldline.runs import RunRecord

FOLDER = Path(__file__).parent
FILTERS = ("count", "score", "signed", "spread", "share", "duration", "size", "moment", "plain", "metric")


def report_html(run: RunRecord) -> str:
    """The report of ``run``: one page that needs no network, no server and no JavaScript.

    Every text of the record is escaped, and a content policy lets nothing but the page's own style and script
    run. Parts that the run never reached are absent; what stopped it is the headline.

    Args:
        run: A whole run or one that stopped half-way.
    """
    run = RunRecord.from_json(
        run.to_json()
    )  # what is drawn is what run.json says, nothing that only memory knows
    template = _environment().get_template("report.html")
    return str(template.render(_context(run)))


def _environment() -> Any:
    from jinja2 import ChainableUndefined, Environment, FileSystemLoader

    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=ChainableUndefined,  # evidence may lack parts: a lacking one is told as "–"
    )
    environment.filters.update({name: getattr(wording, name) for name in FILTERS})
    environment.filters["along"] = _along
    return environment


def _context(run: RunRecord) -> dict[str, Any]:
    script = (FOLDER / "report.js").read_text(encoding="utf-8")
    seen = views.evidence(run)
    trials = views.scored_trials(run)
    return {
        "run": run,
        "verdict": verdict(run),
        "tiles": tiles(run),
        "steps": views.steps(run),
        "seen": seen,
        "candidate": run.candidate(),
        "baseline": run.baseline(),
        "fold_rows": views.fold_rows(run),
        "trials": trials,
        "varied": varied(trials) if trials else [],
        "wide_trials": bool(trials) and not fits_half(trials),
        "fixed": views.fixed_hyperparameters(run, trials),
        "metric_rows": views.metric_rows(seen["evaluation"]),
        "slices": views.slice_tables(seen["evaluation"]),
        "plots": views.plots(run),
        "timed_jobs": any(job.started for job in run.jobs),
        "configs": {step: _yaml(run.config[step]) for step in views.configured(run)},
        "css": (FOLDER / "report.css").read_text(encoding="utf-8"),
        "script": script,
        "script_digest": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    }


def _yaml(settings: Any) -> str:
    """The settings as a step file would spell them: blocks outside, flow style inside, nothing unset."""
    import yaml

    lean = _set(settings)
    return str(yaml.safe_dump(lean, sort_keys=False, allow_unicode=True, default_flow_style=None, width=100))


def _set(settings: Any) -> Any:
    """``settings`` without what is null or empty."""
    if not isinstance(settings, dict):
        return settings
    lean = {name: _set(value) for name, value in settings.items()}
    return {name: value for name, value in lean.items() if value is not None and value != {}}


def _along(value: float) -> float:
    """Where a ROC AUC lies on a track from 0.5 to 1, in percent."""
    return round(min(100.0, max(0.0, 200 * (value - 0.5))), 1)
