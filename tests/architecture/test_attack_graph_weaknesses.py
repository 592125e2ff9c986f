"""Each weakness planted in the Tennessee Eastman plant opens a path that the mended one lacks."""

from __future__ import annotations

from functools import cache

import pytest

from architecture.plants import ROOT, TE_POINTS
from otsim.architecture.graph.build import attack_graph
from otsim.architecture.graph.reachable import possible, pruned, shapes_of
from otsim.config.architecture.read_architecture import read_architecture

# weakness, the steps of a path that it opens, where they lead
PATHS = [
    ("W1", "phish/office_staff/pc_planning pass/enterprise_to_operations/engineering_desktop",
     "reach.engineering_desktop"),
    ("W2", "phish/shift_crew/pc_shift_office "
     "find_credential/local_administrator/pc_shift_office "
     "log_in/local_administrator/engineering_desktop",
     "engineering_station.admin"),
    ("W3", "phish/shift_crew/pc_shift_office pass/operations_to_safety/safety_engineering "
     "change_mode/safety_engineering learn_process download_safety_program/safety_engineering",
     "safety_controller.logic"),
    ("W4", "phish/shift_crew/pc_shift_office pass/operations_to_control/operator_1_vnc "
     "open_desktop/operator_1_vnc brute_force_io/operator_station_1/XMV3", "write.XMV3"),
    ("W4", "phish/shift_crew/pc_shift_office pass/operations_to_cell_reactor/reactor_web "
     "guess_password/reactor_web", "reactor_controller.user"),
    ("W4", "phish/shift_crew/pc_shift_office "
     "pass/operations_to_cell_separation/compressor_telnet guess_password/compressor_telnet",
     "compressor_controller.user"),
    ("W5", "phish/office_staff/pc_planning pass/enterprise_to_operations/historian_web "
     "guess_password/historian_web", "historian.user"),
    ("W6", "phish_password/engineers/engineer_account "
     "log_in_from_outside/engineer_account/vpn_portal/internet_to_dmz", "vpn_gateway.user"),
    ("W6", "hold_supplier/control_supplier use_supplier_access/control_supplier/control_server",
     "control_server.user"),
    ("W7", "phish/shift_crew/pc_shift_office "
     "pass/operations_to_cell_separation/product_analyser_web "
     "default_password/analyser_default/product_analyser_web "
     "report_falsely/product_analyser/XMEAS40", "write.XMEAS40"),
    ("W8", "exploit_from_outside/vpn_out_of_bounds/vpn_portal/internet_to_dmz",
     "vpn_gateway.admin"),
    ("W8", "phish/office_staff/pc_planning pass/enterprise_to_dmz/mirror_web "
     "exploit/mirror_log4j", "historian_mirror.admin"),
    ("W8", "phish/shift_crew/pc_shift_office pass/operations_to_control/operator_2_desktop "
     "exploit/operator_2_remote_desktop", "operator_station_2.admin"),
    ("W9", "phish/engineers/pc_engineer infect_medium/engineers_stick/pc_engineer learn_process "
     "program_from_medium/engineers_stick/safety_controller", "safety_controller.logic"),
]  # fmt: skip
NAMES = [f"{weakness}-{goal}" for weakness, _, goal in PATHS]


@cache
def graph(file):
    given = read_architecture(ROOT / "configs" / "architectures" / file, points=TE_POINTS)
    return attack_graph(given, points=TE_POINTS)


def falls(found, goal, leaves):
    """Whether a node falls if these leaves alone can."""
    shapes = shapes_of(found.nodes)
    for name in found.steps:
        if name not in leaves:
            shapes[name] = "LEAF", (), 1
    return goal in possible(shapes)


@pytest.mark.parametrize(("weakness", "steps", "goal"), PATHS, ids=NAMES)
def test_weakness_opens_a_path(weakness, steps, goal):
    leaves = set(steps.split())
    assert falls(graph("te_plant.yaml"), goal, leaves)
    for leaf in leaves:  # and each of its steps is needed
        assert not falls(graph("te_plant.yaml"), goal, leaves - {leaf})
    assert not falls(graph("te_plant_segmented.yaml"), goal, leaves)


def test_all_nine_are_covered():
    assert {weakness for weakness, *_ in PATHS} == {f"W{i}" for i in range(1, 10)}


@pytest.mark.parametrize("file", ["te_plant.yaml", "te_plant_segmented.yaml"])
def test_every_goal_has_a_path_from_outside(file):
    found = graph(file)
    assert set(found.needs) == {
        "overheat_reactor", "spoof_reactor_level", "starve_feed", "spoil_product",
        "pressurise_without_safety", "cut_reactor_link", "waste_through_purge",
    }  # fmt: skip
    inside = {name for name, node in found.nodes.items() if name in found.steps and not node.entry}
    for node in found.needs.values():
        assert not falls(found, node, inside)


def test_the_mended_plant_has_fewer_steps_to_its_goals():
    grown, mended = (graph(name) for name in ("te_plant.yaml", "te_plant_segmented.yaml"))
    for goal in grown.needs:
        n_grown, n_mended = (len(pruned(one, [one.needs[goal]]).steps) for one in (grown, mended))
        assert n_mended < n_grown


def test_no_step_from_outside_needs_anything():
    found = graph("te_plant.yaml")
    later = {node.children[-1] for node in found.nodes.values() if node.gate == "SAND"}
    entries = {name for name, node in found.nodes.items() if node.entry}
    assert entries
    assert not entries & later
