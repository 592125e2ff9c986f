"""What the repository promises about its own shape."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
IMPORT_ROOTS = ("kernels", "tests", "benchmarks", "configs")
NAMELESS = {"utils", "util", "helpers", "common", "misc", "manager", "base"}
PACKAGES = ("otsim", "kernels/otsim_kernels")
# what runs code from data, as calls: a bare name, or an attribute of a module
FORBIDDEN_NAMES = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_ATTRIBUTES = {("yaml", "load"), ("yaml", "load_all"), ("yaml", "unsafe_load"),
                        ("yaml", "full_load"), ("joblib", "load")}  # fmt: skip
FORBIDDEN_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "joblib"}


def package_files() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def python_files() -> list[Path]:
    folders = (*PACKAGES, "tests", "benchmarks")
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def calls(path: Path) -> Iterator[ast.Call]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def imported_modules(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.partition(".")[0])
    return found


def runs_code(call: ast.Call) -> bool:
    """Whether a call may run code that stands in data."""
    target = call.func
    if isinstance(target, ast.Name):
        return target.id in FORBIDDEN_NAMES
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
        return (target.value.id, target.attr) in FORBIDDEN_ATTRIBUTES
    return False


def allows_pickle(call: ast.Call) -> bool:
    return any(
        keyword.arg == "allow_pickle" and getattr(keyword.value, "value", True) is not False
        for keyword in call.keywords
    )


@pytest.mark.parametrize("folder", IMPORT_ROOTS)
def test_import_roots_are_no_packages(folder: str) -> None:
    assert (ROOT / folder).is_dir()
    assert not (ROOT / folder / "__init__.py").exists()


def test_files_say_what_is_inside() -> None:
    bad = [str(path) for path in python_files() if path.stem in NAMELESS]
    assert bad == []


def test_the_package_never_runs_code_from_data() -> None:
    bad = [
        f"{path}:{call.lineno}"
        for path in package_files()
        for call in calls(path)
        if runs_code(call) or allows_pickle(call)
    ]
    bad += [f"{path}: {FORBIDDEN_MODULES & imported_modules(path)}" for path in package_files()
            if FORBIDDEN_MODULES & imported_modules(path)]  # fmt: skip
    assert bad == []


def test_kernels_do_not_print() -> None:
    bad = [
        f"{path}:{call.lineno}"
        for path in sorted((ROOT / "kernels").rglob("*.py"))
        for call in calls(path)
        if isinstance(call.func, ast.Name) and call.func.id in ("print", "open", "input")
    ]
    assert bad == []


def test_kernels_import_nothing_but_numerics() -> None:
    import sys

    allowed = {"jax", "numpy", "otsim_kernels"} | sys.stdlib_module_names
    launches = {"fused_gpu.py": {"cuda"}}
    found = {
        path: imported_modules(path) - allowed - launches.get(path.name, set())
        for path in sorted((ROOT / "kernels").rglob("*.py"))
    }
    assert {str(path): modules for path, modules in found.items() if modules} == {}


def test_every_file_opens_with_one_line() -> None:
    bad = []
    for path in python_files():
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        if not text or not text.splitlines()[0].endswith((".", "?", "!")):
            bad.append(str(path))
    assert bad == []


def test_files_stay_readable() -> None:
    long = {str(path): n for path in package_files()
            if (n := len(path.read_text(encoding="utf-8").splitlines())) > 400}  # fmt: skip
    assert long == {}


@pytest.mark.parametrize(
    ("source", "caught"),
    [
        ("eval(x)", True),
        ("yaml.load(x)", True),
        ("yaml.compose(x)", False),
        ("json.load(x)", False),
    ],
)
def test_the_detector_catches_what_it_names(source: str, *, caught: bool) -> None:
    call = next(node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    assert runs_code(call) is caught


def test_makefile_is_what_ci_runs() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert re.search(r"^exec make test$", script.read_text(), flags=re.MULTILINE)
