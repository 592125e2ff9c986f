"""The page, opened in a browser: no script, no request, no way in for hostile names."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from otsim.errors import ReportError, StorageError
from otsim.report import answer_sentence, read_findings, write_report
from otsim.store import RunFolder
from store.synthetic_run import HOSTILE, commit_shards, finished_run, study_of

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", "--no-first-run"]  # fmt: skip
SECTIONS = ("chances", "loss", "causes", "inputs", "time", "twins", "convergence", "assumptions",
            "limits")  # fmt: skip


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finished_run(tmp_path_factory.mktemp("runs") / "plain", study_of(512, shard_size=256))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    study = study_of(512, shard_size=256, hostile=True)
    run = finished_run(tmp_path_factory.mktemp("runs") / "hostile", study)
    write_report(run)
    return run


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


class Opened:
    """A page with all that it did on the way."""

    def __init__(self, browser: Any, page: Path, width: int = 1200) -> None:
        self.heard: list[str] = []
        self.page = browser.new_page(viewport={"width": width, "height": 900})
        self.page.add_init_script("window.canary = 0; window.alert = () => { window.canary += 1 }")
        self.page.on("console", lambda message: self.heard.append(f"console: {message.text}"))
        self.page.on("pageerror", lambda error: self.heard.append(f"error: {error}"))
        self.page.on("request", lambda request: self.heard.append(f"request: {request.url}"))
        self.page.on("dialog", lambda dialog: self.heard.append(f"dialog: {dialog.message}"))
        self.page.goto(page.as_uri())


def test_hostile_names_are_inert_in_a_browser(hostile: Path, browser: Any) -> None:
    opened = Opened(browser, hostile / "report.html")
    page = opened.page
    for index in range(0, 20_000, 3_000):
        page.mouse.wheel(0, index)
        page.mouse.move(300 + index // 100, 300)
    page.wait_for_timeout(200)
    assert opened.heard == [f"request: {(hostile / 'report.html').as_uri()}"]
    assert page.evaluate("window.canary") == 0
    assert page.locator("script, img, iframe, object, embed, link, foreignObject").count() == 0
    assert page.locator("body").inner_text().count("onerror=alert(1)") > 20
    handlers = """[...document.querySelectorAll('*')].filter(
        e => [...e.attributes].some(a => a.name.startsWith('on'))).length"""
    assert page.evaluate(handlers) == 0


def test_the_policy_would_stop_a_script_if_one_got_in(
    hostile: Path, browser: Any, tmp_path: Path
) -> None:
    text = (hostile / "report.html").read_text()
    evil = tmp_path / "evil.html"
    evil.write_text(text.replace("</main>", f"{HOSTILE}<script>alert(2)</script></main>"))
    opened = Opened(browser, evil)
    opened.page.wait_for_timeout(200)
    assert opened.page.evaluate("window.canary") == 0
    assert any("Content Security Policy" in words for words in opened.heard)


@pytest.mark.parametrize("width", [1200, 700, 360])
def test_nothing_sticks_out_at_any_width(hostile: Path, browser: Any, width: int) -> None:
    page = Opened(browser, hostile / "report.html", width).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("svg:visible").count() == page.locator("figure").count()


def test_every_section_is_there_with_its_pictures(plain: Path) -> None:
    text = write_report(plain).read_text()
    for section in SECTIONS:
        assert f'id="{section}"' in text
    assert (
        text.count("<svg ") == 2 * 6
    )  # wide and narrow: curve, shutdown, three twins, convergence
    assert text.index('id="chances"') < text.index('id="loss"')
    assert "Monte-Carlo error only" in text
    assert "A survey that was never made (2026), table 3." in text


def test_the_answer_comes_first_and_agrees_with_the_tables(plain: Path) -> None:
    findings = read_findings(plain)
    answer = answer_sentence(findings)
    mean = findings.tables["alt"][0]["MeanLoss"]
    scale = {"M": 1e6, "": 1.0}
    found = re.match(r"Expected annual loss ([\d.,]+)\s±\s([\d.,]+)\s?(M?)\sEUR\.", answer)
    assert found is not None
    told = float(found[1].replace(",", "")) * scale[found[3]]
    assert told == pytest.approx(mean, rel=5e-3)
    error = findings.tables["alt"][0]["StandardError"]
    assert float(found[2].replace(",", "")) * scale[found[3]] == pytest.approx(error, rel=0.1)
    assert "One year in 100 costs more than" in answer


def test_causes_add_up_to_the_whole(plain: Path) -> None:
    findings = read_findings(plain)
    rows = {row["SummaryId"]: row["MeanLoss"] for row in findings.tables["alt"]}
    (total,) = (rows[number] for number in findings.group("total"))
    for kind in ("goal", "entry", "category", "profile"):
        assert sum(rows[n] for n in findings.group(kind)) == pytest.approx(total, rel=1e-9)


def test_the_same_run_gives_the_same_page(plain: Path) -> None:
    first = write_report(plain).read_bytes()
    assert write_report(plain).read_bytes() == first


def test_the_page_needs_only_the_run_folder(plain: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(plain, tmp_path / "moved")
    assert write_report(moved).read_bytes() == write_report(plain).read_bytes()
    assert str(tmp_path) not in (moved / "report.html").read_text()


def test_limits_name_the_diverged_and_the_extrapolated(plain: Path) -> None:
    findings = read_findings(plain)
    text = write_report(plain).read_text()
    n_diverged = int(findings.ended("diverged").sum())
    assert n_diverged > 0
    assert f"{n_diverged} of 512 twins" in text
    assert "went beyond the range" in text
    assert "Few twins in the tail" in text


def test_an_unfinished_run_has_no_report(tmp_path: Path) -> None:
    study = study_of()
    with RunFolder.open(tmp_path / "run", study) as folder:
        commit_shards(folder, study)
    with pytest.raises(ReportError, match=r"not finished .*run the same study"):
        write_report(tmp_path / "run")
    with pytest.raises(StorageError, match="no run folder"):
        write_report(tmp_path / "nothing")


def test_a_damaged_table_is_not_reported(plain: Path, tmp_path: Path) -> None:
    run = shutil.copytree(plain, tmp_path / "run")
    path = run / "tables/ept.parquet"
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    with pytest.raises(StorageError, match=r"ept\.parquet: not the file that was committed"):
        write_report(run)
