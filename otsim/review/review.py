"""The whole design review: weak spots, figures, ranking; tables, SARIF and page in one folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from otsim.attack.campaigns import Campaigns, chosen_campaigns
from otsim.config.architecture.attack_techniques import shipped_techniques
from otsim.config.study import Study
from otsim.config.write_study import dump_study
from otsim.errors import SimulationError
from otsim.executors import ExecutorChoice, Workplace, open_workplace
from otsim.review.findings import FindingKind, changes_of_findings
from otsim.review.headline import headline
from otsim.review.places import Places, place_of
from otsim.review.ranking import Priced, priced, ranked, unseen_loss
from otsim.review.results import ReviewFigures, numbers_of
from otsim.review.review_page import review_page
from otsim.review.reviewed_network import ReviewedNetwork
from otsim.review.sarif import sarif_log
from otsim.review.tables import review_tables
from otsim.review.weak_spots import KINDS as WEAK_SPOTS
from otsim.review.weak_spots import weak_spots
from otsim.review.weighed import KINDS as WEIGHED
from otsim.review.weighed import control_values, weighed_findings
from otsim.simulate.outcomes import Outcomes, joined_outcomes
from otsim.store.columns import stamped
from otsim.store.commit import commit_bytes, storing
from otsim.store.parquet_files import parquet_bytes
from otsim.store.run_identity import config_sha256, versions
from otsim.store.run_reader import RUN_FILE
from otsim.work import get_ready, outcomes_of

__all__ = [
    "FINDINGS_FILE",
    "KINDS",
    "PAGE_FILE",
    "SARIF_FILE",
    "Review",
    "review_study",
    "told_review",
    "write_review",
]

PAGE_FILE, SARIF_FILE, FINDINGS_FILE = "review.html", "review.sarif", "findings.json"
KINDS: tuple[FindingKind, ...] = (*WEAK_SPOTS, *WEIGHED)

AT_ONCE = 128  # twins of one task: of whole blocks, and enough tasks for every core

Told = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Review:
    """A finished review.

    Attributes:
        study: that was reviewed.
        network: its network.
        figures: its numbers.
        findings: ranked; weak spots first, then structure, controls, and what is worth knowing.
        places: of items in the architecture file; empty where that is not known.
    """

    study: Study
    network: ReviewedNetwork
    figures: ReviewFigures
    findings: tuple[Priced, ...]
    places: Places

    @property
    def headline(self) -> str:
        """What to mend first, in one or two sentences."""
        return headline(self.findings, self.figures)


def review_study(
    study: Study,
    out: Path,
    *,
    places: Places | None = None,
    workers: int | None = None,
    told: Told = lambda line: None,
) -> Review:
    """Review the design of a study's network and write what was found.

    Args:
        study: with an architecture.
        out: the folder; files of an earlier review in it are replaced.
        places: where items were written (`places_of`).
        workers: processes that simulate twins; None: one for each GPU, or else core.
        told: told what is being done, in words.

    Raises:
        ModelError: the study has no architecture.
        SimulationError: the folder holds a run.
        StorageError: it cannot be written.
    """
    from otsim.review.review_figures import review_figures

    _refuse_runs(out)
    network = ReviewedNetwork(study)
    told("seeking weak spots")
    found = weak_spots(network)
    with open_workplace(
        ExecutorChoice(), workers, tasks=study.simulation.twins // AT_ONCE
    ) as place:
        figures = review_figures(
            study, live=_live(study, place), extra=changes_of_findings(found), told=told
        )
    unseen = unseen_loss(figures, study.loss.plant_value)
    with_prices = priced(found, figures, unseen=unseen)
    findings = ranked([*with_prices, *weighed_findings(network, figures)])
    review = Review(
        study=study,
        network=network,
        figures=figures,
        findings=tuple(findings),
        places=places or {},
    )
    told("writing tables and page")
    write_review(review, out)
    return review


def write_review(review: Review, out: Path) -> None:
    """Write the files of a review, each whole or not at all, the page last.

    Raises:
        StorageError: one cannot be written.
    """
    for name, data in _files(review).items():
        commit_bytes(out / name, data)


def told_review(review: Review) -> dict[str, Any]:
    """Return a review as plain data: the main figures and all findings."""
    figures, now = review.figures, review.figures.now
    return {
        "study": review.study.title,
        "headline": review.headline.replace("\u00a0", " "),
        "currency": figures.currency,
        "return_period": figures.return_period,
        "twins": figures.n_twins,
        "twins_simulated": figures.n_lived,
        "diverged": figures.n_diverged,
        "annual_loss": numbers_of(now.annual_loss),
        "tail_loss": numbers_of(now.tail_loss),
        "damage_per_year": numbers_of(now.damage_per_year),
        "findings": [_told_finding(one, review.places) for one in review.findings],
    }


def _files(review: Review) -> dict[str, bytes]:
    figures = review.figures
    tables = review_tables(
        review.findings,
        figures,
        controls=control_values(review.network, figures),
        step_titles={
            leaf: review.network.step_title(leaf) for way in figures.ways for leaf in way.steps
        },
        places=review.places,
    )
    provenance = _provenance(review)
    files = {"study.yaml": dump_study(review.study).encode()}
    files |= {
        f"tables/{name}.parquet": parquet_bytes(stamped(table, provenance))
        for name, table in tables.items()
    }
    log = sarif_log(review.findings, KINDS, places=review.places, currency=figures.currency)
    files[SARIF_FILE] = log.encode()
    told = json.dumps(told_review(review), ensure_ascii=False, indent=1)
    files[FINDINGS_FILE] = f"{told}\n".encode()
    page = review_page(review.study, review.network, figures, review.findings, provenance)
    files[PAGE_FILE] = page.encode()
    return files


def _provenance(review: Review) -> Mapping[str, str]:
    made_by = versions()
    return {
        "version": made_by["otsim"],
        "jax": made_by["jax"],
        "config_sha256": config_sha256(review.study),
        "seed": str(review.study.simulation.seed),
        "twins": str(review.figures.n_twins),
        "currency": review.figures.currency,
    }


def _told_finding(one: Priced, places: Places) -> dict[str, Any]:
    finding, place = one.finding, place_of(one.finding, places)
    mitigation = finding.kind.mitigation
    named = None if mitigation is None else shipped_techniques().mitigations[mitigation].name
    return {
        "id": finding.id,
        "rule": finding.kind.id,
        "sort": finding.kind.sort,
        "level": "note" if one.is_free else finding.kind.level,
        "title": finding.title,
        "items": [{"kind": item.kind, "name": item.name} for item in finding.items],
        "evidence": finding.evidence.replace("\u00a0", " "),
        "recommendation": finding.recommendation,
        "mitigation": None if mitigation is None else {"id": mitigation, "name": named},
        "annual_loss_avoided": numbers_of(one.annual_loss),
        "tail_loss_avoided": numbers_of(one.tail_loss),
        "damage_per_year_avoided": numbers_of(one.damage_per_year),
        "rank": one.rank,
        "tied": one.n_tied,
        "tail_rank": one.tail_rank,
        "tail_tied": one.n_tail_tied,
        "file": None if place is None else place.file,
        "line": place.line if place is not None and place.line else None,
    }


def _refuse_runs(out: Path) -> None:
    with storing(out):
        if (out / RUN_FILE).exists():
            raise SimulationError(f"{out}: holds a run; give the review a folder of its own")


def _live(study: Study, place: Workplace) -> Callable[[Campaigns], Outcomes]:
    """Return what simulates campaigns, on all workers of a place, which get ready meanwhile."""
    text = study.model_dump_json()
    for _ in range(place.n_idle):
        place.ask(get_ready, text)

    def live(campaigns: Campaigns) -> Outcomes:
        count = len(campaigns.twin_id)
        parts = [
            np.arange(first, min(first + AT_ONCE, count)) for first in range(0, count, AT_ONCE)
        ]
        asked = [place.ask(outcomes_of, text, chosen_campaigns(campaigns, part)) for part in parts]
        return joined_outcomes([answer() for answer in asked])

    return live
