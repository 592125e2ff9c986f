"""The group of commands: help, versions, exit codes, errors as lines and as JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from otsim import __version__
from otsim.cli import COMMANDS, main
from otsim.cli.group import Command, build_main
from otsim.errors import ConfigError, GateError, ModelError, StorageError


def run(*args: str, group=main, **settings):
    return CliRunner().invoke(group, list(args), prog_name="otsim", **settings)


def group_that(raises: BaseException | None = None, prints: str = ""):
    """A command line of one command that prints, then raises."""

    @click.command()
    @click.option("--json", "as_json", is_flag=True)
    def act(as_json: bool) -> None:
        click.echo(prints, nl=False)
        if raises is not None:
            raise raises

    group = build_main({"act": Command(target="nowhere:act", about="Act.")})
    group.get_command = lambda ctx, name: act  # type: ignore[method-assign]
    return group


def otsim(*args: str, **settings) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "otsim", *args], capture_output=True, timeout=60, **settings
    )


def test_help_lists_every_command():
    result = run("--help")
    assert result.exit_code == 0
    for name, command in COMMANDS.items():
        assert f"  {name} " in result.stdout
        assert command.about in result.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name):
    result = run(name, "--help")
    assert result.exit_code == 0, result.output
    assert "Example: " in result.stdout
    assert f"otsim {name}" in result.stdout
    assert result.stderr == ""


def test_version():
    assert run("--version").stdout == f"otsim {__version__}\n"


def test_help_imports_nothing_heavy():
    code = (
        "import sys\n"
        "from otsim.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'jax', 'pandas', 'scipy', 'pyarrow', 'numpy', 'pydantic', 'rich', 'altair'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60)
    assert done.stderr.decode().strip() == "[]"


def test_unknown_command():
    result = run("chek")
    assert result.exit_code == 2
    assert result.stderr == (
        "otsim: there is no command 'chek' (did you mean check?); see otsim --help\n"
    )


def test_unknown_option_is_one_line():
    result = run("check", "--jsn", "x.yaml")
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert "--json" in result.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("a.yaml:1:2: x: bad; mend it"), 2),
        (ModelError("bad"), 2),
        (GateError("bad"), 3),
        (StorageError("bad"), 4),
        (KeyboardInterrupt(), 130),
        (click.ClickException("bad"), 1),
        (click.UsageError("bad"), 2),
        (ValueError("two\nlines"), 1),
        (RecursionError("deep"), 1),
    ],
)
def test_exit_code_and_message(error, code):
    result = run("act", group=group_that(error))
    assert result.exit_code == code
    assert result.stdout == ""
    assert len(result.stderr.strip().splitlines()) == 1
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "error", [ConfigError("a"), StorageError("b"), ValueError("c"), click.UsageError("d")]
)
def test_error_as_json_is_one_object_and_nothing_else(error):
    result = run("act", "--json", group=group_that(error))
    told = json.loads(result.stdout)["error"]
    assert set(told) == {"code", "message", "file", "line", "fix"}
    assert told["code"] == type(error).__name__
    assert result.stderr == ""


def test_json_error_knows_file_line_and_fix():
    error = ConfigError("a.yaml:6:5: plant.x: unknown key (did you mean y?)", "a.yaml:7:1: z: no")
    told = json.loads(run("act", "--json", group=group_that(error)).stdout)["error"]
    assert (told["file"], told["line"], told["fix"]) == ("a.yaml", 6, "did you mean y?")
    assert told["message"].count("\n") == 1


def test_an_unexpected_error_points_to_debug():
    result = run("act", group=group_that(ValueError("inner")))
    assert "ValueError: inner" in result.stderr
    assert "--debug" in result.stderr


@pytest.mark.parametrize("args", [("act", "--debug"), ("--debug", "act")])
def test_debug_shows_the_traceback(args):
    with pytest.raises(ValueError, match="inner"):
        CliRunner().invoke(group_that(ValueError("inner")), list(args), catch_exceptions=False)


def test_debug_keeps_the_lines_of_expected_errors():
    result = run("act", "--debug", group=group_that(ModelError("bad")))
    assert (result.exit_code, result.stderr) == (2, "bad\n")


def test_a_command_that_exits_keeps_its_code():
    assert run("act", group=group_that(click.exceptions.Exit(3))).exit_code == 3


def test_options_come_from_the_environment(tmp_path):
    result = run("plants", env={"OTSIM_PLANTS_JSON": "1"})
    assert json.loads(result.stdout)["plants"]
    failed = run("plants", "tank", env={"OTSIM_PLANTS_JSON": "1"})
    assert json.loads(failed.stdout)["error"]["code"] == "UsageError"


def test_as_a_process():
    done = otsim("--version")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().strip() == f"otsim {__version__}"


@pytest.mark.skipif(not hasattr(os, "pipe2"), reason="needs POSIX pipes")
def test_closed_pipe_ends_quietly():
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "otsim", "schema", "study"],
        stdout=write, stderr=subprocess.PIPE, timeout=60,
    )  # fmt: skip
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script(shell):
    result = run("completion", shell)
    assert result.exit_code == 0
    assert "_OTSIM_COMPLETE" in result.stdout


def test_completion_of_a_command():
    env = {**os.environ, "_OTSIM_COMPLETE": "bash_complete", "COMP_WORDS": "otsim sch"}
    done = otsim(env=env | {"COMP_CWORD": "1"})
    assert done.stdout.decode().split(",")[-1].strip() == "schema"
