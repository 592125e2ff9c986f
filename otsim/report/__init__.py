"""The report page: one self-contained HTML file, made from a run folder alone."""

from __future__ import annotations

from otsim.report.answer import answer_sentence
from otsim.report.findings import Findings, read_findings
from otsim.report.page import REPORT_FILE, write_report

__all__ = ["REPORT_FILE", "Findings", "answer_sentence", "read_findings", "write_report"]
