"""Made-up plants are sound, the same for the same seed, and survive their way through a file."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from architecture.plants import TE_POINTS
from otsim.architecture.generate import FEWEST_ASSETS, MOST_ASSETS, generate_architecture
from otsim.config.architecture.read_architecture import read_architecture
from otsim.config.architecture.write_architecture import architecture_json, dump_architecture
from otsim.errors import ModelError

SEEDS = st.integers(0, 2**63)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    n_assets=st.integers(FEWEST_ASSETS, 120),
    seed=SEEDS,
    weak_share=st.floats(0, 1),
    points=st.sampled_from([(), TE_POINTS[:5], TE_POINTS]),
)
def test_sound_and_the_same_after_a_round_trip(tmp_path, n_assets, seed, weak_share, points):
    plant = generate_architecture(n_assets, seed, points=points, weak_share=weak_share)
    assert len(plant.assets) == n_assets
    file = tmp_path / "plant.yaml"
    file.write_text(dump_architecture(plant), "utf-8")
    again = read_architecture(file, points=points or None)
    assert again == plant
    assert dump_architecture(again) == dump_architecture(plant)
    assert architecture_json(again) == architecture_json(plant)


@pytest.mark.parametrize("n_assets", [FEWEST_ASSETS, 97, MOST_ASSETS])
def test_ends_of_the_range(n_assets, tmp_path):
    plant = generate_architecture(n_assets, 7, points=TE_POINTS)
    assert len(plant.assets) == n_assets
    levels = {plant.zones[asset.zone].purdue_level for asset in plant.assets.values()}
    assert levels == {1.0, 3.0, 3.5, 4.0}
    assert {asset.type for asset in plant.assets.values()} >= {
        "plc", "hmi", "safety_controller", "engineering_workstation", "data_historian",
        "vpn_server",
    }  # fmt: skip
    file = tmp_path / "plant.yaml"
    file.write_text(dump_architecture(plant), "utf-8")
    assert read_architecture(file, points=TE_POINTS) == plant


def test_same_seed_same_plant():
    assert generate_architecture(60, 1) == generate_architecture(60, 1)
    assert generate_architecture(60, 1) != generate_architecture(60, 2)


def test_every_point_has_a_controller():
    plant = generate_architecture(40, 3, points=TE_POINTS)
    dealt = [point for asset in plant.assets.values() for point in asset.points.logic]
    assert sorted(dealt) == sorted(TE_POINTS)


def test_weak_plants_have_more_weaknesses():
    strong, weak = (generate_architecture(300, 5, weak_share=share) for share in (0.0, 1.0))

    def count(plant):
        needless = sum(not service.needed for service in plant.services.values())
        flat = sum(not conduit.protocols for conduit in plant.conduits.values())
        return needless, flat

    assert count(strong) == (0, 0)
    assert min(count(weak)) > 0


def test_a_seed_gives_the_plant_that_it_always_gave():
    plant = generate_architecture(20, 1)
    assert list(plant.assets)[:6] == [
        "application_server_1", "firewall_1", "workstation_1", "workstation_2", "workstation_3",
        "vpn_server_1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("n_assets", "weak_share", "message"),
    [(19, 0.3, "need 20 to 2000"), (2_001, 0.3, "need 20 to 2000"), (50, 1.5, "within 0 and 1")],
)
def test_refuses(n_assets, weak_share, message):
    with pytest.raises(ModelError, match=message):
        generate_architecture(n_assets, 1, weak_share=weak_share)
