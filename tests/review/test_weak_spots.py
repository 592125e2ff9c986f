"""The weak spots of the shipped architectures: planted ones are found, mended ones are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from otsim.architecture.graph.reachable import possible, shapes_of
from otsim.config import read_study
from otsim.config.architecture.attack_techniques import shipped_techniques
from otsim.errors import ModelError
from otsim.review.findings import Finding, changes_of_findings
from otsim.review.review import KINDS
from otsim.review.reviewed_network import ReviewedNetwork
from otsim.review.weak_spots import weak_spots
from otsim.review.weak_spots.single_points import Climber
from otsim.review.weak_spots.zone_levels import achieved_level
from review.hostile_study import small_study
from store.synthetic_run import study_of

STUDIES = Path(__file__).parents[2] / "configs/studies"
PLANTED = {
    "W1": ["OTS-FLAT-CONDUIT/enterprise_to_operations"],
    "W2": ["OTS-SHARED-CREDENTIAL/local_administrator"],
    "W3": ["OTS-SIS-PROGRAMMABLE/safety_engineering"],
    "W4": [
        "OTS-UNNEEDED-SERVICE/operator_1_vnc",
        "OTS-UNNEEDED-SERVICE/reactor_web",
        "OTS-UNNEEDED-SERVICE/compressor_telnet",
    ],
    "W5": ["OTS-AROUND-DMZ/historian"],
    "W6": ["OTS-VENDOR-ACCESS/control_supplier", "OTS-REMOTE-ACCESS-ONE-FACTOR/vpn_portal"],
    "W7": ["OTS-DEFAULT-PASSWORD/analyser_default"],
    "W8": [
        "OTS-KNOWN-EXPLOITED/vpn_out_of_bounds",
        "OTS-KNOWN-EXPLOITED/mirror_log4j",
        "OTS-KNOWN-EXPLOITED/operator_2_remote_desktop",
    ],
    "W9": ["OTS-ROAMING-MEDIUM/engineers_stick"],
}


@pytest.fixture(scope="module")
def grown() -> ReviewedNetwork:
    return ReviewedNetwork(read_study(STUDIES / "te_design_review.yaml"))


@pytest.fixture(scope="module")
def segmented() -> ReviewedNetwork:
    return ReviewedNetwork(read_study(STUDIES / "te_design_segmented.yaml"))


def by_id(network: ReviewedNetwork) -> dict[str, Finding]:
    return {finding.id: finding for finding in weak_spots(network)}


@pytest.mark.parametrize("weakness", PLANTED)
def test_each_planted_weakness_is_found_with_what_mends_it(
    grown: ReviewedNetwork, weakness: str
) -> None:
    found = by_id(grown)
    for wanted in PLANTED[weakness]:
        assert wanted in found
        change = found[wanted].change
        assert change is not None
        assert change.absent.any()
        assert "It opens a way towards" in found[wanted].evidence


def test_none_of_the_planted_kinds_is_found_once_mended(segmented: ReviewedNetwork) -> None:
    planted = {id.partition("/")[0] for ids in PLANTED.values() for id in ids}
    assert not planted & {finding.kind.id for finding in weak_spots(segmented)}


def test_ids_are_unique_and_so_are_the_keys_of_changes(grown: ReviewedNetwork) -> None:
    findings = weak_spots(grown)
    assert len({finding.id for finding in findings}) == len(findings)
    changes = changes_of_findings(findings)
    assert len({change.key for change in changes}) == len(changes)
    assert all(change.absent.shape == (len(grown.leaves),) for change in changes)


def test_a_service_that_leads_nowhere_is_found_without_a_change(grown: ReviewedNetwork) -> None:
    status = by_id(grown)["OTS-SIS-REACHED/safety_status"]
    assert status.change is None
    assert "No way to a goal" in status.evidence


def test_what_mends_a_service_takes_all_its_steps_and_no_other(grown: ReviewedNetwork) -> None:
    change = by_id(grown)["OTS-UNNEEDED-SERVICE/operator_1_vnc"].change
    assert change is not None
    gone = {leaf for leaf, is_gone in zip(grown.leaves, change.absent, strict=True) if is_gone}
    assert gone == {
        leaf
        for leaf, step in grown.graph.steps.items()
        if step.items.get("service") == "operator_1_vnc"
    }


def test_without_what_is_on_every_way_the_goals_cannot_fall(grown: ReviewedNetwork) -> None:
    shapes = shapes_of(grown.graph.tree.nodes)
    found = [f for f in weak_spots(grown) if f.kind.id == "OTS-ON-EVERY-WAY"]
    assert found
    for finding in found:
        assert finding.change is not None
        gone = {
            leaf
            for leaf, is_gone in zip(grown.leaves, finding.change.absent, strict=True)
            if is_gone
        }
        left = possible({name: shape for name, shape in shapes.items() if name not in gone})
        for goal in (item.name for item in finding.items if item.kind == "goal"):
            assert not all(node in left for node in grown.graph.needs[goal])


def test_every_way_misses_no_item(segmented: ReviewedNetwork) -> None:
    """Brute force over all items of one goal, against what the one way tried suggests."""
    goal = "pressurise_without_safety"
    shapes = shapes_of(segmented.graph.tree.nodes)
    found = {
        f.items[0]
        for f in weak_spots(segmented)
        if f.kind.id == "OTS-ON-EVERY-WAY" and any(item.name == goal for item in f.items[1:])
    }
    for kind in ("service", "conduit", "medium", "credential", "vulnerability", "people"):
        names = {s.items[kind] for s in segmented.graph.steps.values() if kind in s.items}
        for name in names:
            gone = {
                leaf for leaf, step in segmented.graph.steps.items() if step.items.get(kind) == name
            }
            left = possible({n: shape for n, shape in shapes.items() if n not in gone})
            falls = all(node in left for node in segmented.graph.needs[goal])
            assert falls != any((i.kind, i.name) == (kind, name) for i in found)


def test_a_single_point_suffices_alone_and_no_other_does(grown: ReviewedNetwork) -> None:
    climber = Climber(grown, shapes_of(grown.graph.tree.nodes))
    assert "starve_feed" in climber.goals_of("operator_station_1")
    assert climber.goals_of("vpn_gateway") == ()
    assert climber.goals_of("office_switch") == ()


@pytest.mark.parametrize(
    ("service", "level"),
    [
        ({"authentication": "none"}, 1),
        ({"authentication": "password"}, 2),
        ({"authentication": "mfa"}, 3),
        ({"authentication": "none", "open_to": []}, 4),
    ],
)
def test_a_zone_is_as_strong_as_its_weakest_way_in(service: dict[str, Any], level: int) -> None:
    modbus = {"asset": "controller", "protocol": "modbus", "open_to": ["plant"], **service}
    sharing = {"asset": "screen", "protocol": "vnc", "authentication": "none",
               "open_to": ["outside"]}  # fmt: skip
    network = ReviewedNetwork(small_study(services={"modbus": modbus, "sharing": sharing}))
    assert achieved_level(network, "cell") == level
    assert achieved_level(network, "plant") == 0  # its conduit lets everything pass
    below = {f.name for f in weak_spots(network) if f.kind.id == "OTS-ZONE-BELOW-TARGET"}
    assert below == ({"plant", "cell"} if level < 2 else {"plant"})


def test_a_study_without_architecture_is_refused() -> None:
    with pytest.raises(ModelError, match="a review needs"):
        ReviewedNetwork(study_of())


def test_every_rule_is_told_and_its_mitigation_exists() -> None:
    ids = [kind.id for kind in KINDS]
    assert len(set(ids)) == len(ids)
    known = shipped_techniques().mitigations
    for kind in KINDS:
        assert kind.id.startswith("OTS-")
        assert kind.help.endswith(".")
        assert kind.mitigation is None or kind.mitigation in known


def test_the_way_told_is_a_way(grown: ReviewedNetwork) -> None:
    """The steps of the evidence's way begin outside and each leads on to the next."""
    for finding in weak_spots(grown):
        if finding.change is None:
            continue
        gone = np.flatnonzero(finding.change.absent)
        way = grown.ways.through({grown.leaves[i] for i in gone})
        assert way is not None
        assert set(way.steps) & {grown.leaves[i] for i in gone}
        assert grown.graph.tree.nodes[way.steps[0]].entry
