"""ATT&CK for ICS as a STIX 2.1 bundle -> techniques in place of those shipped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from otsim.architecture.imports.bounded_files import shown_name
from otsim.architecture.imports.json_files import read_json
from otsim.config.architecture.attack_techniques import Mitigation, Technique, Techniques
from otsim.config.yaml_lines import one_line
from otsim.errors import ConfigError

__all__ = ["read_attack_stix"]

MAX_BYTES = 64_000_000
_KILL_CHAINS = ("mitre-ics-attack", "mitre-attack")
_TECHNIQUE_ID = re.compile(r"T\d{4}(?:\.\d{3})?")
_MITIGATION_ID = re.compile(r"M\d{4}")
_ICS = "ics-attack"
_Object = Mapping[str, Any]


def read_attack_stix(path: str | Path) -> Techniques:
    """Read the techniques and mitigations of a bundle such as MITRE's `ics-attack.json`.

    What is deprecated is left out; what is revoked stays known only as far as the bundle names the
    technique that took its place, so that older trees still have a meaning.

    Raises:
        ConfigError: the file is not such a bundle, in one line.
    """
    name = shown_name(path)
    objects = _objects(read_json(path, MAX_BYTES), name)
    found = dict(sorted(dict(_techniques(objects, name)).items()))
    if not any(technique.superseded_by is None for technique in found.values()):
        message = "holds no techniques of ATT&CK for ICS; give ics-attack.json of MITRE"
        raise ConfigError(f"{name}: {message}")
    mitigations = dict(sorted(_mitigations(objects, name), key=lambda pair: pair[0]))
    return Techniques(version=_version(objects, name), by_id=found, mitigations=mitigations)


def _objects(bundle: Any, name: str) -> dict[str, _Object]:
    """The objects of the bundle by their STIX id."""
    if not isinstance(bundle, dict) or bundle.get("type") != "bundle":
        raise ConfigError(f"{name}: need a STIX bundle, with type: bundle at the top")
    listed = bundle.get("objects")
    if not isinstance(listed, list):
        raise ConfigError(f"{name}: objects: need a list of STIX objects")
    found: dict[str, _Object] = {}
    for i, one in enumerate(listed):
        if not isinstance(one, dict) or not isinstance(one.get("id"), str):
            raise ConfigError(f"{name}: objects[{i}]: need a STIX object with an id")
        found[one["id"]] = one
    return found


def _techniques(objects: dict[str, _Object], name: str) -> Iterator[tuple[str, Technique]]:
    patterns = {
        key: (_external_id(one, _TECHNIQUE_ID, name), one)
        for key, one in objects.items()
        if one.get("type") == "attack-pattern" and _is_ics(one)
    }
    current = {key: number for key, (number, one) in patterns.items() if not _is_gone(one)}
    names = {number: _text(patterns[key][1], name) for key, number in current.items()}
    helped = _related(objects, "mitigates")
    successors = _related(objects, "revoked-by")
    for key in sorted(patterns, key=lambda key: key in current):  # a current one of an id prevails
        number, one = patterns[key]
        after = [current[other] for other in successors.get(key, ()) if other in current]
        if key not in current and (one.get("revoked") is not True or not after):
            continue
        sources = (objects[other] for other in helped.get(key, ()) if other in objects)
        by = sorted({_external_id(other, _MITIGATION_ID, name) for other in _current(sources)})
        parent = names.get(number.partition(".")[0]) if "." in number else None
        title = _text(one, name)
        yield (
            number,
            Technique(
                id=number,
                name=f"{parent}: {title}" if parent else title,
                tactics=_tactics(one, name),
                mitigations=tuple(by) if key in current else (),
                superseded_by=None if key in current else after[0],
            ),
        )


def _mitigations(objects: dict[str, _Object], name: str) -> Iterator[tuple[str, Mitigation]]:
    for one in _current(iter(objects.values())):
        number = _external_id(one, _MITIGATION_ID, name)
        yield number, Mitigation(id=number, name=_text(one, name))


def _current(objects: Iterator[_Object]) -> Iterator[_Object]:
    """The mitigations among some objects that are neither gone nor of before they had ids."""
    for one in objects:
        has_id = any(_MITIGATION_ID.fullmatch(ref) for ref in _external_ids(one))
        if one.get("type") == "course-of-action" and has_id and not _is_gone(one):
            yield one


def _related(objects: dict[str, _Object], kind: str) -> dict[str, list[str]]:
    """The other ends of one kind of relationship: by what is mitigated, or by what is revoked."""
    here, there = ("target_ref", "source_ref")
    if kind == "revoked-by":
        here, there = there, here
    found: dict[str, list[str]] = {}
    for one in objects.values():
        if one.get("type") != "relationship" or one.get("relationship_type") != kind:
            continue
        ends = one.get(here), one.get(there)
        if all(isinstance(end, str) for end in ends) and not _is_gone(one):
            found.setdefault(str(ends[0]), []).append(str(ends[1]))
    return found


def _is_ics(one: _Object) -> bool:
    """Whether a technique is of the ICS matrix; bundles before version 9 do not say so."""
    domains = one.get("x_mitre_domains")
    if isinstance(domains, list):
        return _ICS in domains
    phases = one.get("kill_chain_phases")
    if not isinstance(phases, list):
        return False
    chains = [phase.get("kill_chain_name") for phase in phases if isinstance(phase, dict)]
    return _KILL_CHAINS[0] in chains


def _is_gone(one: _Object) -> bool:
    return one.get("revoked") is True or one.get("x_mitre_deprecated") is True


def _tactics(one: _Object, name: str) -> tuple[str, ...]:
    phases = one.get("kill_chain_phases", [])
    if not isinstance(phases, list) or not all(isinstance(phase, dict) for phase in phases):
        raise ConfigError(f"{name}: {one['id']}: kill_chain_phases: need a list of mappings")
    named = [
        phase.get("phase_name") for phase in phases if phase.get("kill_chain_name") in _KILL_CHAINS
    ]
    if not all(isinstance(phase, str) for phase in named):
        raise ConfigError(f"{name}: {one['id']}: phase_name: need text")
    return tuple(dict.fromkeys(str(phase).removesuffix("-ics") for phase in named))


def _external_ids(one: _Object) -> list[str]:
    references = one.get("external_references")
    if not isinstance(references, list):
        return []
    ids = [
        reference.get("external_id")
        for reference in references
        if isinstance(reference, dict) and str(reference.get("source_name")).startswith("mitre")
    ]
    return [one_id for one_id in ids if isinstance(one_id, str)]


def _external_id(one: _Object, pattern: re.Pattern[str], name: str) -> str:
    for found in _external_ids(one):
        if pattern.fullmatch(found):
            return found
    message = "no ATT&CK id among its external_references; fetch the bundle again"
    raise ConfigError(f"{name}: {one_line(str(one['id']), 80)}: {message}")


def _text(one: _Object, name: str) -> str:
    text = one.get("name")
    if isinstance(text, str) and text.strip() and text.isprintable() and len(text) <= 200:
        return text
    message = "name: need a line of text"
    raise ConfigError(f"{name}: {one_line(str(one['id']), 80)}: {message}")


def _version(objects: dict[str, _Object], name: str) -> str:
    for one in objects.values():
        version = one.get("x_mitre_version")
        if one.get("type") == "x-mitre-collection" and isinstance(version, str):
            return one_line(version, 20)
    return f"of {name}"
