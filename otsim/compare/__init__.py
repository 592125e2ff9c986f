"""Is B really better than A? Runs side by side, on the same twins and draws if they have them."""

from otsim.compare.comparison import Comparison, Pair, compare_runs
from otsim.compare.gates import Verdict, junit_xml, verdicts
from otsim.compare.page import write_comparison
from otsim.compare.studies import compare_studies

__all__ = [
    "Comparison",
    "Pair",
    "Verdict",
    "compare_runs",
    "compare_studies",
    "junit_xml",
    "verdicts",
    "write_comparison",
]
