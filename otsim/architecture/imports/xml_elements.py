"""XML of other tools as plain elements: no document types, no entities, bounded."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

from otsim.architecture.imports.bounded_files import read_bytes, shown_name
from otsim.config.yaml_lines import Place, one_line
from otsim.errors import ConfigError

__all__ = ["Element", "read_xml"]

MAX_DEPTH = 200
MAX_ELEMENTS = 100_000


@dataclass(slots=True)
class Element:
    """One element.

    Attributes:
        tag: its name.
        attributes: by name.
        place: where it begins.
        children: the elements in it.
        text: the text in it, outside its children.
    """

    tag: str
    attributes: dict[str, str]
    place: Place
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def named(self, tag: str) -> list[Element]:
        """The children of one name."""
        return [child for child in self.children if child.tag == tag]


def read_xml(path: str | Path, max_bytes: int) -> Element:
    """Read an XML file; `-` is standard input.

    Args:
        path: the file.
        max_bytes: the most that it may hold.

    Raises:
        ConfigError: it cannot be read, is larger or deeper, is not XML, or declares a document
            type or entities, which otsim does not expand.
    """
    return _Builder(shown_name(path)).build(read_bytes(path, max_bytes))


class _Builder:
    """Builds elements from expat's events, refusing what could expand."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.open: list[Element] = []
        self.root: Element | None = None
        self.n_elements = 0
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse_declaration
        self.parser.EntityDeclHandler = self._refuse_declaration
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters

    def build(self, raw: bytes) -> Element:
        try:
            self.parser.Parse(raw, True)
        except expat.ExpatError as error:
            place = Place(self.file, error.lineno, error.offset + 1)
            reason = one_line(expat.ErrorString(error.code) or "unreadable")
            raise ConfigError(f"{place}: not valid XML ({reason}); export it again") from None
        except (LookupError, ValueError) as error:  # an unknown encoding
            message = f"not valid XML ({one_line(str(error))}); save it as UTF-8"
            raise ConfigError(f"{self.file}: {message}") from None
        if self.root is None:
            raise ConfigError(f"{self.file}:1:1: empty XML; export it again")
        return self.root

    def _place(self) -> Place:
        return Place(self.file, self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1)

    def _refuse_declaration(self, *_: Any) -> None:
        message = "declares a document type or entities; remove the <!DOCTYPE ...>"
        raise ConfigError(f"{self._place()}: {message}")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self.n_elements += 1
        if len(self.open) >= MAX_DEPTH:
            raise ConfigError(f"{self._place()}: nested deeper than {MAX_DEPTH} levels; flatten it")
        if self.n_elements > MAX_ELEMENTS:
            raise ConfigError(f"{self._place()}: more than {MAX_ELEMENTS} elements; split it up")
        element = Element(tag, attributes, self._place())
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
        self.open.append(element)

    def _end(self, tag: str) -> None:
        self.open.pop()

    def _characters(self, text: str) -> None:
        if self.open:
            self.open[-1].text += text
