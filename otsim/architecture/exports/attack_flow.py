"""Steps of a campaign -> an Attack Flow, as a STIX 2.1 bundle."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import NAMESPACE_URL, uuid5

from otsim.errors import ModelError

__all__ = ["FlowStep", "attack_flow"]

_FLOW = "fb9c968a-745b-4ade-9b25-c324172197f4"  # of Attack Flow's own objects
_EXTENSION = f"extension-definition--{_FLOW}"
_FLOW_CREATED = "2022-08-02T19:34:35.143Z"
_DOCUMENTATION = "https://center-for-threat-informed-defense.github.io/attack-flow"


@dataclass(frozen=True, kw_only=True, slots=True)
class FlowStep:
    """One step of a flow, or the gate that joins several.

    Attributes:
        id: a name that no other step has.
        name: what it is, in words.
        kind: an action of the attacker, or a gate over the steps that lead to it.
        technique_id: such as `T0866`; None if it has none, as gates do.
        score: what otsim computed for it, such as a probability; None for nothing.
        comment: what to say about it.
        leads_to: ids of the steps that follow.
    """

    id: str
    name: str
    kind: Literal["action", "AND", "OR"] = "action"
    technique_id: str | None = None
    score: float | None = None
    comment: str = ""
    leads_to: tuple[str, ...] = ()


def attack_flow(
    steps: Sequence[FlowStep], *, title: str, created: datetime, description: str = ""
) -> str:
    """Return a flow as JSON, the same for the same steps and time.

    Args:
        steps: at least one; those to which none leads are the starts.
        title: name of the flow.
        created: when it was made, with its time zone.
        description: what it shows.

    Raises:
        ModelError: no step, a step that leads to nothing known, two of one id, or a score that is
            not finite.
    """
    _check(steps)
    time = created.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    author = f"identity--{_uuid(title, 'author')}"
    common = {"spec_version": "2.1", "created": time, "modified": time, "created_by_ref": author}
    followed = {after for step in steps for after in step.leads_to}
    starts = [step for step in steps if step.id not in followed] or list(steps[:1])
    kinds = {step.id: step.kind for step in steps}
    flow: dict[str, Any] = {
        "type": "attack-flow",
        "id": f"attack-flow--{_uuid(title, 'flow')}",
        **common,
        "name": title,
        "scope": "other",
        "start_refs": [_ref(title, kinds, step.id) for step in starts],
        "extensions": _new_object(),
    }
    identity = {
        "type": "identity",
        "id": author,
        **common,
        "name": "otsim",
        "identity_class": "system",
    }
    objects = [
        *_language(),
        identity,
        flow | ({"description": description} if description else {}),
        *(_object(title, kinds, step) | common for step in steps),
    ]
    bundle = {"type": "bundle", "id": f"bundle--{_uuid(title, 'bundle')}", "objects": objects}
    return json.dumps(bundle, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _check(steps: Sequence[FlowStep]) -> None:
    if not steps:
        raise ModelError("a flow needs at least one step")
    ids = [step.id for step in steps]
    known = set(ids)
    if len(known) < len(ids):
        twice = next(one for one in ids if ids.count(one) > 1)
        raise ModelError(f"two steps are called {twice!r}; give each its own id")
    for step in steps:
        if step.score is not None and not math.isfinite(step.score):
            raise ModelError(f"the score of step {step.id!r} is {step.score}, not a number")
        for after in step.leads_to:
            if after not in known:
                raise ModelError(f"step {step.id!r} leads to {after!r}, which is not there")


def _object(title: str, kinds: dict[str, Any], step: FlowStep) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": _type(step.kind),
        "id": _ref(title, kinds, step.id),
        "extensions": _new_object(),
    }
    if step.kind == "action":
        found["name"] = step.name
        found |= {"technique_id": step.technique_id} if step.technique_id else {}
        found |= {"description": step.comment} if step.comment else {}
    else:
        found["operator"] = step.kind
    if step.leads_to:
        found["effect_refs"] = [_ref(title, kinds, after) for after in step.leads_to]
    if step.score is not None:
        found["x_otsim_score"] = step.score
    return found


def _type(kind: str) -> str:
    return "attack-action" if kind == "action" else "attack-operator"


def _ref(title: str, kinds: dict[str, Any], step_id: str) -> str:
    return f"{_type(kinds[step_id])}--{_uuid(title, 'step', step_id)}"


def _uuid(*parts: str) -> str:
    """An id that is the same for the same words, so that equal flows give equal files."""
    return str(uuid5(NAMESPACE_URL, json.dumps(["otsim", *parts])))


def _new_object() -> dict[str, Any]:
    return {_EXTENSION: {"extension_type": "new-sdo"}}


def _language() -> list[dict[str, Any]]:
    """The objects that tell a reader of STIX what an Attack Flow is."""
    common = {"spec_version": "2.1", "created": _FLOW_CREATED, "modified": _FLOW_CREATED}
    author = f"identity--{_FLOW}"
    return [
        {
            "type": "extension-definition",
            "id": _EXTENSION,
            **common,
            "created_by_ref": author,
            "name": "Attack Flow",
            "description": "Extends STIX 2.1 with features to create Attack Flows.",
            "schema": f"{_DOCUMENTATION}/stix/attack-flow-schema-2.0.0.json",
            "version": "2.0.0",
            "extension_types": ["new-sdo"],
        },
        {
            "type": "identity",
            "id": author,
            **common,
            "created_by_ref": author,
            "name": "MITRE Center for Threat-Informed Defense",
            "identity_class": "organization",
        },
    ]
