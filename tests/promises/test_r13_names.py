"""R13: no name leads out of the folder that it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from config.studies import STARTER
from otsim.cli import main
from otsim.config import read_study
from otsim.errors import ConfigError, OtsimError
from otsim.report import write_report
from otsim.runs import verify_run
from otsim.store import RunFolder
from otsim.store.manifests import Manifest, manifest_bytes
from promises.watched_process import deeds, written_outside
from store.synthetic_run import events_of, finished_run, study_of

Copies = Callable[[str], Path]
NASTY = (
    "../x", "..", ".", "a/b", "/etc/passwd", "\\\\host\\share", "C:\\x", "con", "nul\x00",
    "x" * 300,
    "\u2215etc\u2215passwd", "\uff0e\uff0e/x", "%2e%2e/x", "~root", "$HOME", "a\nb", "-rf", "",
    "\u202egnp.exe", "..\\x", "x/", "\ud7ff", "a:b", "*", "?", "|sh", "`id`", "$(id)",
)  # fmt: skip
FRAGILITY = "{signal: XMEAS7, median: 5000, sigma: 0.1, repair_cost: 1000000}"
names = st.sampled_from(NASTY) | st.text(max_size=300) | st.builds(
    lambda a, b: a + b, st.sampled_from(NASTY), st.text(max_size=20)
)  # fmt: skip


def is_plain(name: str) -> bool:
    return name.isascii() and name.replace("_", "a").replace("-", "a").isalnum() and len(name) <= 64


def test_r13_tables_stay_in_their_folder(copied: Copies) -> None:
    """Seen to fail: with `_TABLE_NAME` matching anything (`../x` lands beside the run)."""
    run, study = copied("run"), study_of()
    rows = events_of(study, range(2))
    with RunFolder.open(run, study) as folder:

        @settings(max_examples=150, deadline=None)
        @given(name=names)
        def stays(name: str) -> None:
            with deeds() as done:
                try:
                    folder.commit_table(name, rows)
                except ValueError:
                    pass
                else:
                    assert is_plain(name)
            assert written_outside(done, run) == []

        stays()


@settings(max_examples=150, deadline=None)
@given(name=names)
def test_r13_names_in_a_study_are_plain(name: str) -> None:
    """Seen to fail: with `_plain_name` returning whatever it gets."""
    quoted = "".join(letter for letter in name if letter not in '\\"\x00\n')
    override = f'loss.fragility."{quoted}"={FRAGILITY}'
    found: tuple[str, ...] = ()
    try:
        study = read_study(STARTER, [override])
    except ConfigError as error:
        found = error.problems
    if found:
        assert all(line.isprintable() for line in found)
    else:
        assert is_plain(quoted)
        assert quoted in study.loss.fragility


def test_r13_a_plain_name_is_taken() -> None:
    """What the test above refuses is the name. Seen to fail: with `_plain_name` refusing all."""
    study = read_study(STARTER, [f"loss.fragility.plain={FRAGILITY}"])
    assert "plain" in study.loss.fragility


@pytest.mark.slow
def test_r13_hostile_texts_write_nothing_elsewhere(tmp_path: Path) -> None:
    """A whole run, its page and its exports, of a study whose every free text is an attack.

    Seen to fail: with the page written to the working folder.
    """
    study = study_of(32, hostile=True)
    run, csv = tmp_path / "run", tmp_path / "csv"
    with deeds() as done:
        finished_run(run, study)
        write_report(run)
        options = ["--csv", str(csv), "--ord-strict", str(csv)]
        assert CliRunner().invoke(main, ["export", str(run), *options]).exit_code == 0
    assert len(done) > 100
    assert written_outside(done, run, csv) == []


def test_r13_links_in_place_of_folders_are_refused(copied: Copies, tmp_path: Path) -> None:
    """Seen to fail: with the look at `is_symlink` taken out of `refuse_foreign`."""
    run, elsewhere = copied("run"), tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "link").symlink_to(elsewhere)
    with pytest.raises(OtsimError, match="symbolic link"):
        RunFolder.open(tmp_path / "link", study_of())
    for option in ("--csv", "--ord-strict"):
        result = CliRunner().invoke(main, ["export", str(run), option, str(tmp_path / "link")])
        assert result.exit_code == 4
        assert "symbolic link" in result.stderr
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("file", ["../secret.txt", "/etc/hostname", "tables/../../secret.txt"])
def test_r13_a_forged_manifest_reads_nothing_outside(copied: Copies, file: str) -> None:
    """Seen to fail: without `is_relative_to` in `_manifest` (the file outside is hashed, and its
    being there is told)."""
    run = copied("run")
    (run.parent / "secret.txt").write_text("secret")
    forged = Manifest(file=file, run_id="0" * 16, first=0, count=96)
    path = run / "_manifest" / f"{Path(file).stem}.json"
    path.write_bytes(manifest_bytes(forged))
    [found] = [each for each in verify_run(run).damaged if "_manifest" in each.file]
    assert found.what == "damaged: it vouches for no file"
