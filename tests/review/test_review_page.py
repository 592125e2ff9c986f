"""The page of a review in a browser: readable at any width, and inert whatever names say."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from otsim.config import read_study
from otsim.config.study import Study
from otsim.review.network_layout import network_layout
from otsim.review.ranking import priced, ranked, unseen_loss
from otsim.review.review import Review, write_review
from otsim.review.reviewed_network import ReviewedNetwork
from otsim.review.weak_spots import weak_spots
from otsim.review.weighed import weighed_findings
from report.test_page import ARGUMENTS, CHROMIUM, Opened
from review.hostile_study import HOSTILE, small_study
from review.synthetic_figures import figures_of

STUDY = Path(__file__).parents[2] / "configs/studies/te_design_review.yaml"
SECTIONS = ("mend", "network", "ways", "controls", "structure", "parts", "inputs", "limits")


def page_of(study: Study, out: Path) -> Path:
    network = ReviewedNetwork(study)
    found = weak_spots(network)
    figures = figures_of(network, found)
    findings = ranked(
        [
            *priced(found, figures, unseen=unseen_loss(figures, study.loss.plant_value)),
            *weighed_findings(network, figures),
        ]
    )
    review = Review(
        study=study, network=network, figures=figures, findings=tuple(findings), places={}
    )
    write_review(review, out)
    return out / "review.html"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return page_of(read_study(STUDY), tmp_path_factory.mktemp("reviews") / "plain")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return page_of(small_study(hostile=True), tmp_path_factory.mktemp("reviews") / "hostile")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    found = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium on this machine: install the package chromium to run this test")
    with playwright.sync_playwright() as session:
        opened = session.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield opened
        opened.close()


def test_hostile_titles_are_inert(hostile: Path, browser: Any) -> None:
    opened = Opened(browser, hostile)
    page = opened.page
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    page.wait_for_timeout(200)
    assert opened.heard == [f"request: {hostile.as_uri()}"]
    assert page.evaluate("window.canary") == 0
    assert page.locator("script, img, iframe, object, embed, link, foreignObject").count() == 0
    assert page.locator("body").inner_text().count("onerror=alert(1)") > 10
    handlers = """[...document.querySelectorAll('*')].filter(
        e => [...e.attributes].some(a => a.name.startsWith('on'))).length"""
    assert page.evaluate(handlers) == 0
    assert HOSTILE not in hostile.read_text()


@pytest.mark.parametrize("width", [1200, 700, 360])
def test_nothing_sticks_out_at_any_width(plain: Path, browser: Any, width: int) -> None:
    page = Opened(browser, plain, width).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("svg:visible").count() == page.locator("figure").count() == 2


def test_what_to_mend_first_stands_on_the_first_screen(plain: Path, browser: Any) -> None:
    page = Opened(browser, plain).page
    for place in (".answer", ".findings tbody tr >> nth=0"):
        box = page.locator(place).first.bounding_box()
        assert box["y"] + box["height"] < 900
    assert page.locator(".answer").inner_text().startswith("Mend first: ")


def test_every_section_is_there_and_linked(plain: Path) -> None:
    text = plain.read_text()
    for section in SECTIONS:
        assert f'id="{section}"' in text
        assert f'href="#{section}"' in text
    assert "default-src 'none'" in text


def test_the_picture_shows_every_zone_asset_and_number(plain: Path) -> None:
    study = read_study(STUDY)
    assert study.attack.architecture is not None
    picture = plain.read_text().split('id="network"')[1].split("</figure>")[0]
    for zone in study.attack.architecture.zones.values():
        assert zone.title is not None
        assert f">{zone.title[:1].upper()}{zone.title[1:]}" in picture
    assert picture.count(">operator<") + picture.count("operator station") >= 1
    for number in "12345":
        assert f">{number}</text>" in picture


def test_no_two_assets_share_a_place_and_each_stands_in_its_zone() -> None:
    given = read_study(STUDY).attack.architecture
    assert given is not None
    for columns, most in ((7, 12), (3, 6)):
        layout = network_layout(given, columns=columns, most=most, wanted=["quality_controller"])
        assert len(set(layout.assets.values())) == len(layout.assets)
        for name, (x, y) in layout.assets.items():
            box = layout.boxes[given.assets[name].zone]
            assert box.left < x < box.right
            assert box.top < y < box.bottom
        n_hidden = sum(count for _, count in layout.hidden.values())
        assert len(layout.assets) + n_hidden == len(given.assets)
        assert "quality_controller" in layout.assets
        boxes = list(layout.boxes.values())
        for i, one in enumerate(boxes):
            for other in boxes[i + 1 :]:
                apart = one.right < other.left or other.right < one.left
                assert apart or one.bottom < other.top or other.bottom < one.top


def test_higher_zones_stand_higher() -> None:
    given = read_study(STUDY).attack.architecture
    assert given is not None
    layout = network_layout(given, columns=7, most=12, wanted=())
    for name, zone in given.zones.items():
        for other, one in given.zones.items():
            if (zone.purdue_level or 0) > (one.purdue_level or 0):
                assert layout.boxes[name].bottom < layout.boxes[other].top
