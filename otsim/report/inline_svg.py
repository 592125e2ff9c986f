"""Charts to SVG that may stand inside a page: known elements only, ids of their own."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

from markupsafe import Markup, escape

from otsim.errors import ReportError

__all__ = ["inline_svg", "safe_svg"]

_NAMESPACE = "{http://www.w3.org/2000/svg}"
_ELEMENTS = frozenset({"svg", "g", "path", "text", "tspan", "rect", "line", "circle", "defs",
                       "clipPath", "linearGradient", "stop"})  # fmt: skip
_ATTRIBUTES = frozenset({
    "clip-path", "cx", "cy", "d", "dx", "dy", "fill", "fill-opacity", "font-family", "font-size",
    "font-style", "font-weight", "height", "id", "offset", "opacity", "r", "rx", "ry",
    "stop-color", "stop-opacity", "stroke", "stroke-dasharray", "stroke-dashoffset",
    "stroke-linecap", "stroke-linejoin", "stroke-miterlimit", "stroke-opacity", "stroke-width",
    "text-anchor", "transform", "viewBox", "width", "x", "x1", "x2", "y", "y1", "y2", "display",
})  # fmt: skip
_REFERENCE = re.compile(r"url\(#([A-Za-z0-9_-]+)\)")
_URL = re.compile(r"url\(", re.IGNORECASE)


def inline_svg(spec: dict[str, Any], *, prefix: str, label: str) -> Markup:
    """Render a Vega-Lite spec as an SVG element for a page.

    Args:
        spec: the chart, data inside.
        prefix: letters that no other chart of the page uses; ids start with it.
        label: what the chart shows, for those who cannot see it.

    Raises:
        ReportError: the renderer gave no SVG.
    """
    import vl_convert

    return safe_svg(vl_convert.vegalite_to_svg(spec), prefix=prefix, label=label)


def safe_svg(text: str, *, prefix: str, label: str) -> Markup:
    """Keep of an SVG what draws, drop what acts or loads, and number its ids anew.

    The renderer numbers ids across charts; numbered anew, the same chart gives the same text.

    Raises:
        ReportError: the text is no SVG.
    """
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 our own renderer's output, no entities
    except ElementTree.ParseError as error:
        raise ReportError(
            f"report: a chart could not be drawn ({error}); report this bug"
        ) from error
    if root.tag != f"{_NAMESPACE}svg":
        raise ReportError("report: a chart came out as no SVG; report this bug")
    ids: dict[str, str] = {}
    body = "".join(_written(child, prefix, ids) for child in root)
    box = escape(root.get("viewBox", "0 0 100 100"))
    width = escape(root.get("width", "100"))
    return Markup(  # noqa: S704 every part was escaped above
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{width}" role="img" '
        f'aria-label="{escape(label)}">{body}</svg>'
    )


def _written(element: ElementTree.Element, prefix: str, ids: dict[str, str]) -> str:
    name = element.tag.removeprefix(_NAMESPACE)
    if name not in _ELEMENTS:
        return ""
    attributes = "".join(
        f' {key}="{escape(_renamed(key, value, prefix, ids))}"'
        for key, value in element.attrib.items()
        if key in _ATTRIBUTES
    )
    inside = str(escape(element.text or ""))
    for child in element:
        inside += _written(child, prefix, ids) + str(escape(child.tail or ""))
    return f"<{name}{attributes}>{inside}</{name}>" if inside else f"<{name}{attributes}/>"


def _renamed(key: str, value: str, prefix: str, ids: dict[str, str]) -> str:
    def fresh(old: str) -> str:
        return ids.setdefault(old, f"{prefix}{len(ids)}")

    if key == "id":
        return fresh(value)
    renamed = _REFERENCE.sub(lambda found: f"url(#{fresh(found[1])})", value)
    outside = _URL.search(_REFERENCE.sub("", value))
    return "none" if outside else renamed
