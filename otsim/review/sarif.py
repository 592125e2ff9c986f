"""Findings as SARIF 2.1.0, which editors, code hosts and pipelines read."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote

from otsim import __version__
from otsim.config.architecture.attack_techniques import shipped_techniques
from otsim.config.yaml_lines import Place
from otsim.report.wording import money
from otsim.review.findings import FindingKind
from otsim.review.places import Places, place_of
from otsim.review.ranking import Priced
from otsim.review.results import numbers_of

__all__ = ["sarif_log"]

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def sarif_log(
    findings: Sequence[Priced], kinds: Iterable[FindingKind], *, places: Places, currency: str
) -> str:
    """Write findings as one SARIF log.

    A finding that costs nothing is a note, whatever its rule. Its place is that of its first item
    in the architecture file.

    Args:
        findings: ranked.
        kinds: all rules of the review, those that found nothing among them.
        places: of items.
        currency: of the prices.
    """
    listed = list(kinds)
    order = {kind.id: i for i, kind in enumerate(listed)}
    run = {
        "tool": {"driver": _driver(listed)},
        "columnKind": "unicodeCodePoints",
        "results": [_result(one, order[one.finding.kind.id], places, currency) for one in findings],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return f"{json.dumps(log, ensure_ascii=False, indent=1)}\n"


def _driver(kinds: Sequence[FindingKind]) -> dict[str, Any]:
    return {
        "name": "otsim",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [_rule(kind) for kind in kinds],
    }


def _rule(kind: FindingKind) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "id": kind.id,
        "name": kind.name.title().replace(" ", "").replace("'", ""),
        "shortDescription": {"text": kind.name},
        "fullDescription": {"text": kind.help},
        "defaultConfiguration": {"level": kind.level},
    }
    if kind.mitigation is not None:
        name = shipped_techniques().mitigations[kind.mitigation].name
        rule["help"] = {"text": f"ATT&CK for ICS mitigation {kind.mitigation}, {name}"}
        rule["helpUri"] = f"https://attack.mitre.org/mitigations/{kind.mitigation}/"
    return rule


def _result(one: Priced, rule: int, places: Places, currency: str) -> dict[str, Any]:
    finding = one.finding
    place = place_of(finding, places)
    result: dict[str, Any] = {
        "ruleId": finding.kind.id,
        "ruleIndex": rule,
        "level": "note" if one.is_free else finding.kind.level,
        "message": {"text": _message(one, currency)},
        "locations": [] if place is None else [_location(place)],
        "partialFingerprints": {"otsimFinding/v1": finding.id},
        "properties": {
            "items": [f"{item.kind}:{item.name}" for item in finding.items],
            "annualLossAvoided": numbers_of(one.annual_loss),
            "tailLossAvoided": numbers_of(one.tail_loss),
            "damagePerYearAvoided": numbers_of(one.damage_per_year),
            "rank": one.rank,
            "tailRank": one.tail_rank,
            "currency": currency,
        },
    }
    return result


def _message(one: Priced, currency: str) -> str:
    finding = one.finding
    parts = [f"{finding.title}.", finding.evidence, finding.recommendation]
    if one.annual_loss is not None:
        parts.append(f"Avoids {money(one.annual_loss.value, currency)} a year.")
    return " ".join(filter(None, parts)).replace("\u00a0", " ")


def _location(place: Place) -> dict[str, Any]:
    found: dict[str, Any] = {"artifactLocation": {"uri": _uri(place.file)}}
    if place.line:
        found["region"] = {"startLine": place.line, "startColumn": place.column}
    return {"physicalLocation": found}


def _uri(file: str) -> str:
    """A relative file as SARIF wants it: forward slashes, percent-encoded."""
    if os.path.isabs(file):
        return Path(file).as_uri()
    return quote(PurePath(file).as_posix())
