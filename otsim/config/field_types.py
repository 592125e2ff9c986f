"""Numbers and names as the blocks of a study use them."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

__all__ = ["Name", "NonNegative", "Source", "Whole"]

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")


def _plain_name(name: str) -> str:
    if _NAME.fullmatch(name):
        return name
    raise PydanticCustomError(
        "name", "a name needs a letter, then at most 63 letters, digits, - or _; rename it"
    )


Name = Annotated[str, AfterValidator(_plain_name)]
"""A name that results, key paths and files can carry."""

NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False, strict=True)]
Whole = Annotated[int, Field(strict=True)]

Source = Annotated[
    str | None,
    Field(description="Where the numbers come from: text, or a key of `sources`."),
]
