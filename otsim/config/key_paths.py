"""Key paths such as `attack.goals.flood.actions[0].value`: text to steps and back."""

from __future__ import annotations

import re
from collections.abc import Sequence

from otsim.config.yaml_lines import Step, one_line
from otsim.errors import ConfigError

__all__ = ["key_path", "key_steps"]

_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
_TOKEN = re.compile(
    r"""(?:^|\.)(?:"(?P<quoted>[^"]+)"|(?P<name>[^."\[\]]+))|\[(?P<index>\d{1,9})\]"""
)


def key_steps(path: str) -> tuple[Step, ...]:
    """Split a key path into the steps that lead to the key.

    Names stand between dots, those with odd characters in double quotes, and places in a list in
    brackets, counted from 0: `a.b`, `a."x.y".b`, `a[0].b`.

    Raises:
        ConfigError: the text is no key path.
    """
    steps: list[Step] = []
    end = 0
    for token in _TOKEN.finditer(path):
        if token.start() != end:
            break
        end = token.end()
        name = token["quoted"] or token["name"]
        steps.append(name if name is not None else int(token["index"]))
    if not steps or end != len(path) or isinstance(steps[0], int):
        text = one_line(path, 100)
        raise ConfigError(f"-s {text}: not a key path; write one such as attack.goals.x.actions[0]")
    return tuple(steps)


def key_path(steps: Sequence[Step]) -> str:
    """Join steps into the key path that leads there; the opposite of `key_steps`."""
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
            continue
        name = step if _PLAIN.fullmatch(step) else f'"{one_line(step, 100)}"'
        text += f".{name}" if text else name
    return text
