"""Names that refer to other entries of a file: do they exist, is each named once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from otsim.config.problems import Problem, did_you_mean
from otsim.config.yaml_lines import Step, one_line

__all__ = ["References", "repetitions"]

_MOST_HINTS = 20  # to seek the nearest of thousands of names takes longer than all the rest
_MOST_NAMES = 5_000


class References:
    """Finds references to nothing, with a hint at the nearest name for the first few."""

    def __init__(self) -> None:
        self._hints = _MOST_HINTS

    def one(
        self, name: str | None, known: Collection[str], what: str, place: tuple[Step, ...]
    ) -> Iterator[Problem]:
        """Find a name that nothing bears.

        Args:
            name: the name; None refers to nothing, which is sound.
            known: the names that exist.
            what: what such a thing is called, in words.
            place: where the name stands.
        """
        if name is None or name in known:
            return
        hint = self.hint(name, known, f"add the {what}")
        yield place, f"there is no {what} {one_line(name, 80)!r} ({hint})"

    def each(
        self, names: Iterable[str], known: Collection[str], what: str, place: tuple[Step, ...]
    ) -> Iterator[Problem]:
        """Find the names of a list that nothing bears, and those that stand there twice."""
        listed = tuple(names)
        for i, name in enumerate(listed):
            yield from self.one(name, known, what, (*place, i))
        yield from repetitions(listed, place)

    def hint(self, name: str, known: Collection[str], otherwise: str) -> str:
        """Return the nearest name in words, or else the words given."""
        self._hints -= 1
        sought = known if self._hints >= 0 and len(known) <= _MOST_NAMES else ()
        return did_you_mean(name, sought, otherwise=otherwise)


def repetitions(names: Iterable[str], place: tuple[Step, ...]) -> Iterator[Problem]:
    """Find the names that stand twice in a list, whose place is given."""
    seen: set[str] = set()
    for i, name in enumerate(names):
        if name in seen:
            yield (*place, i), f"{one_line(name, 80)!r} is named twice; name each once"
        seen.add(name)
