"""The report: one HTML page that opens from a mail attachment, made from a run folder alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from otsim.report.answer import answer_sentence, key_figures
from otsim.report.assumptions import assumptions
from otsim.report.bars import cause_groups, probability_bars, tornado_bars
from otsim.report.chart_style import Figure
from otsim.report.charts import convergence_chart, exceedance_chart
from otsim.report.findings import Findings, Row, read_findings
from otsim.report.network_view import network_view
from otsim.report.sections import (
    baseline_sentences,
    limits,
    loss_rows,
    shutdown,
    twin_views,
)
from otsim.report.templating import rendered
from otsim.store.manifests import Manifest, commit_with_manifest

__all__ = ["REPORT_FILE", "write_report"]

REPORT_FILE = "report.html"
_PLANTS = {"tennessee_eastman": "Tennessee Eastman process", "water_network": "water network"}
_OEP, _AEP = 1, 3
_CURVES = {_AEP: "AEP: sum of a year", _OEP: "OEP: largest event of a year"}


def write_report(run: Path) -> Path:
    """Make `report.html` of a run folder, from nothing but what is in it.

    The same run gives the same bytes: the page holds no time of its making.

    Args:
        run: a run folder with its tables.

    Returns:
        Path of the page.

    Raises:
        ReportError: the run is not finished.
        StorageError: a file is damaged, or the page cannot be written.
    """
    findings = read_findings(run)
    claim = Manifest(
        file=REPORT_FILE, run_id=findings.facts.run_id, first=0, count=findings.facts.twins
    )
    commit_with_manifest(run, claim, render(findings).encode())
    return run / REPORT_FILE


def render(findings: Findings) -> str:
    """Render the page as one text, styles and pictures inside."""
    return rendered("page.html", _told(findings))


def _told(findings: Findings) -> Mapping[str, Any]:
    study = findings.study
    return {
        "study": study,
        "plant": _PLANTS.get(study.plant.model, study.plant.model),
        "facts": findings.facts,
        "currency": findings.currency,
        "answer": answer_sentence(findings),
        "figures": key_figures(findings),
        "chances": probability_bars(findings),
        "baseline": baseline_sentences(findings),
        "exceedance": _exceedance(findings),
        "losses": loss_rows(findings),
        "causes": cause_groups(findings),
        "tornado": tornado_bars(findings),
        "network": (of_network := network_view(findings)),
        "shutdown": None if of_network else shutdown(findings),
        "twins": twin_views(findings),
        "convergence": convergence_chart(findings.tables["alct"], findings.currency),
        "assumptions": assumptions(study),
        "limits": tuple(limits(findings)),
    }


def _exceedance(findings: Findings) -> Figure:
    """Both curves; where no sampled event bounds the interval, the band ends at the plant value."""
    most = findings.study.loss.plant_value
    rows: list[Row] = [
        {
            "curve": _CURVES[row["EPType"]],
            "ReturnPeriod": row["ReturnPeriod"],
            "Loss": row["Loss"],
            "LowerCI": row["LowerCI"],
            "UpperCI": max(row["Loss"], most) if row["UpperCI"] is None else row["UpperCI"],
        }
        for row in findings.tables["curve"]
        if row["EPType"] in _CURVES
    ]
    return exceedance_chart(rows, findings.currency)
