"""YAML text to plain data in which every key and value knows its file, line and column."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from otsim.config.yaml_scalars import resolve
from otsim.errors import ConfigError

__all__ = ["Branch", "Place", "Step", "locate", "one_line", "parse_yaml", "plain", "read_yaml"]

MAX_BYTES = 1_000_000
MAX_DEPTH = 64
Step = str | int
Top = Literal["mapping", "list", "any"]

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAB_INDENT = re.compile(r"^ *\t(?=[ \t]*\S)", re.MULTILINE)
_HINTS = {
    "mapping values are not allowed": "check the indentation, or quote text that holds ': '",
    "cannot start any token": "quote the text",
    "unexpected end of stream": "close the quotes or brackets that open here or above",
    "exceeded maximum nesting depth": f"nested deeper than {MAX_DEPTH} levels; flatten it",
    "could not find expected ':'": "end the key with ': ', or check the indentation",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was written; line and column count from 1, line 0 means no line at all."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(slots=True)
class Branch:
    """A value and where it stands; mappings and lists hold branches in turn.

    Attributes:
        value: a scalar, `dict[str, Branch]` or `list[Branch]`.
        place: where the value starts.
        key_place: where its key starts, if it stands in a mapping.
    """

    value: Any
    place: Place
    key_place: Place | None = None


def read_yaml(path: str | Path, *, top: Top = "mapping", max_bytes: int = MAX_BYTES) -> Branch:
    """Read a YAML file; `-` is standard input.

    Args:
        path: the file.
        top: what must stand at the top.
        max_bytes: a longer file is refused.

    Raises:
        ConfigError: the file cannot be read, or is not the YAML that otsim accepts.
    """
    name = os.fspath(path)
    try:
        if name == "-":
            raw = sys.stdin.buffer.read(max_bytes + 1)
            return parse_yaml(raw, "<stdin>", top=top, max_bytes=max_bytes)
        with open(name, "rb") as file:
            raw = file.read(max_bytes + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(f"{one_line(name)}: cannot be read ({reason}); check the path") from None
    return parse_yaml(raw, one_line(name), top=top, max_bytes=max_bytes)


def parse_yaml(
    raw: bytes, file: str, *, top: Top = "mapping", max_bytes: int = MAX_BYTES
) -> Branch:
    """Parse one YAML document without anchors, tags, merge keys and duplicate keys.

    Args:
        raw: the bytes of the file, UTF-8.
        file: its name in messages.
        top: what must stand at the top.
        max_bytes: a longer text is refused.

    Raises:
        ConfigError: one line `file:line:column: what, what to do`.
    """
    text = _decoded(raw, file, max_bytes)
    builder = _Builder(file)
    try:
        root = builder.document(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        raise ConfigError(_yaml_fault(error, file)) from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{file}:1:1: not valid YAML ({one_line(str(error))})") from None
    wanted = {"mapping": dict, "list": list, "any": object}[top]
    if not isinstance(root.value, wanted):
        shape = {"mapping": "a mapping (lines of key: value)", "list": "a list (lines of - item)"}
        raise ConfigError(f"{root.place}: need {shape[top]} at the top of the file")
    return root


def plain(branch: Branch) -> Any:
    """Return the data without places: dicts, lists and scalars."""
    if isinstance(branch.value, dict):
        return {key: plain(child) for key, child in branch.value.items()}
    if isinstance(branch.value, list):
        return [plain(child) for child in branch.value]
    return branch.value


def locate(root: Branch, location: tuple[Step, ...]) -> tuple[Branch, tuple[Step, ...]]:
    """Follow a location as far as it leads; steps that do not exist are passed over.

    Args:
        root: where the location starts.
        location: keys and indices; pydantic puts names of union members between them.

    Returns:
        The last branch reached and the steps that lead to it.
    """
    branch, steps = root, []
    for step in location:
        child = _child(branch, step)
        if child is not None:
            branch = child
            steps.append(step)
    return branch, tuple(steps)


def one_line(text: str, longest: int = 200) -> str:
    """Make foreign text safe to show in a one-line message."""
    if not text.isprintable():
        text = text.encode("unicode_escape", "backslashreplace").decode("ascii")
    return text if len(text) <= longest else text[: longest - 3] + "..."


def _child(branch: Branch, step: Step) -> Branch | None:
    if isinstance(branch.value, dict):
        return branch.value.get(step)
    if isinstance(branch.value, list) and isinstance(step, int) and step < len(branch.value):
        child: Branch = branch.value[step]
        return child
    return None


def _decoded(raw: bytes, file: str, max_bytes: int) -> str:
    if len(raw) > max_bytes:
        raise ConfigError(f"{file}: larger than {max_bytes // 1000} kB; split it up")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ConfigError(f"{file}:1:1: UTF-16 text; save the file as UTF-8")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8-sig", "replace")
        message = f"byte 0x{raw[error.start]:02x} is not UTF-8; save the file as UTF-8"
        raise ConfigError(f"{_place_after(before, file)}: {message}") from None
    if bad := _FORBIDDEN.search(text):
        message = f"character U+{ord(bad[0]):04X} is not allowed; remove it"
        raise ConfigError(f"{_place_after(text[: bad.start()], file)}: {message}")
    if tab := _TAB_INDENT.search(text):
        place = _place_after(text[: tab.end() - 1], file)
        raise ConfigError(f"{place}: tab in the indentation; use spaces")
    return text


def _place_after(before: str, file: str) -> Place:
    lines = before.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return Place(file, len(lines), len(lines[-1]) + 1)


def _yaml_fault(error: yaml.MarkedYAMLError, file: str) -> str:
    mark = error.problem_mark or error.context_mark
    place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)
    problem = one_line(error.problem or "unreadable")
    hints = [hint for part, hint in _HINTS.items() if part in problem]
    hint = hints[0] if hints else "check indentation, quotes and brackets here and just above"
    return f"{place}: not valid YAML ({problem}); {hint}"


class _Builder:
    """Builds branches from parser events, refusing what a study has no use for."""

    def __init__(self, file: str) -> None:
        self.file = file

    def document(self, events: Iterator[yaml.Event]) -> Branch:
        self.events = events
        root: Branch | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                self._refuse(event, "a second document; keep one a file, without ---")
            if isinstance(event, yaml.NodeEvent):
                root = self._branch(event, 1)
        if root is None or root.value is None:
            raise ConfigError(f"{self.file}:1:1: empty file; `otsim init` writes a study")
        return root

    def _branch(self, event: Any, depth: int) -> Branch:
        self._check(event, depth)
        if isinstance(event, yaml.MappingStartEvent):
            return Branch(self._mapping(depth), self._place(event))
        if isinstance(event, yaml.SequenceStartEvent):
            return Branch(self._sequence(depth), self._place(event))
        return Branch(self._scalar(event), self._place(event))

    def _check(self, event: Any, depth: int) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._refuse(event, f"alias *{one_line(str(event.anchor))}; write the value out")
        if event.anchor is not None:
            self._refuse(event, f"anchor &{one_line(event.anchor)}; remove it")
        if event.tag is not None:
            self._refuse(event, f"tag {one_line(event.tag)}; remove it, plain values only")
        if depth > MAX_DEPTH:
            self._refuse(event, f"nested deeper than {MAX_DEPTH} levels; flatten it")

    def _mapping(self, depth: int) -> dict[str, Branch]:
        found: dict[str, Branch] = {}
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self._key(event, depth)
            place = self._place(event)
            if key in found:
                first = found[key].key_place
                line = first.line if first else 0
                message = f"{one_line(key)}: key given twice (first in line {line}); keep one"
                self._refuse(event, message)
            found[key] = self._branch(next(self.events), depth + 1)
            found[key].key_place = place
        return found

    def _key(self, event: Any, depth: int) -> str:
        self._check(event, depth)
        if not isinstance(event, yaml.ScalarEvent):
            self._refuse(event, "a list or mapping as key; keys are text (quote {...} and [...])")
        if event.implicit[0] and event.value == "<<":
            self._refuse(event, "merge key <<; write the keys out, or use extends: FILE")
        if event.value == "":
            self._refuse(event, "empty key; write its name before the colon")
        return str(self._text(event))

    def _sequence(self, depth: int) -> list[Branch]:
        found = []
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            found.append(self._branch(event, depth + 1))
        return found

    def _scalar(self, event: Any) -> Any:
        if not event.implicit[0]:
            return self._text(event)
        try:
            return resolve(event.value)
        except ValueError as error:
            self._refuse(event, str(error))

    def _text(self, event: Any) -> str:
        """Return quoted text, in which escapes may have written what a file may not hold."""
        text: str = event.value
        if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
            self._refuse(event, "escape of a character that is not allowed; remove it")
        return text

    def _place(self, event: Any) -> Place:
        mark = event.start_mark
        return Place(self.file, mark.line + 1, mark.column + 1)

    def _refuse(self, event: Any, message: str) -> Any:
        raise ConfigError(f"{self._place(event)}: {message}")
