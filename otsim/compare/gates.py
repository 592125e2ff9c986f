"""Gates on a comparison, and their verdicts as JUnit XML for pipelines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from otsim.compare.comparison import Comparison, Pair
from otsim.report.measure_words import amount
from otsim.risk.changes import Change
from otsim.risk.conditions import FailRule

__all__ = ["Verdict", "junit_xml", "verdicts"]

_XML_FORBIDDEN = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF])


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One gate on one run.

    Attributes:
        rule: the gate.
        pair: the runs.
        failed: the gate is broken.
        told: the numbers behind it, a sentence.
    """

    rule: FailRule
    pair: Pair
    failed: bool
    told: str


def verdicts(comparison: Comparison, rules: Sequence[FailRule]) -> tuple[Verdict, ...]:
    """Judge every run by every gate."""
    return tuple(
        _verdict(pair, rule, comparison.currency) for pair in comparison.pairs for rule in rules
    )


def junit_xml(judged: Sequence[Verdict]) -> bytes:
    """Write verdicts as JUnit XML: a test case for each gate and run."""
    failed = sum(verdict.failed for verdict in judged)
    suite = ElementTree.Element(
        "testsuite", name="otsim compare", tests=str(len(judged)), failures=str(failed),
        errors="0", skipped="0",
    )  # fmt: skip
    for verdict in judged:
        case = ElementTree.SubElement(
            suite, "testcase", name=_plain(f"{verdict.pair.second.label}: {verdict.rule.text}"),
            classname="otsim.compare",
        )  # fmt: skip
        if verdict.failed:
            failure = ElementTree.SubElement(
                case, "failure", type="GateError", message=_plain(verdict.told)
            )
            failure.text = _plain(verdict.told)
        else:
            ElementTree.SubElement(case, "system-out").text = _plain(verdict.told)
    root = ElementTree.Element("testsuites", tests=str(len(judged)), failures=str(failed))
    root.append(suite)
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def _verdict(pair: Pair, rule: FailRule, currency: str) -> Verdict:
    change = pair.change(rule.measure)
    number = {"estimate": change.difference, "low": change.lower, "high": change.upper}[rule.end]
    return Verdict(
        rule=rule,
        pair=pair,
        failed=rule.fails(number, change.first),
        told=_told(pair, change, currency),
    )


def _told(pair: Pair, change: Change, currency: str) -> str:
    first, second, off, low, high = (
        amount(value, change.measure, currency).replace("\u00a0", " ")
        for value in (change.first, change.second, change.difference, change.lower, change.upper)
    )
    relative = "" if change.first == 0.0 else f" ({100.0 * change.relative:+.3g} %)"
    return (
        f"{change.measure.name} of {pair.second.label} is {second}, of {pair.first.label} {first}: "
        f"a change of {off}{relative}, 95 % interval {low} to {high}"
    )


def _plain(text: str) -> str:
    """Drop the characters that XML cannot hold."""
    return text.translate(_XML_FORBIDDEN)
