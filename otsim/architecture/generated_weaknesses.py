"""Flaws, credentials, people, media, suppliers, controls and goals of made-up plants."""

from __future__ import annotations

from otsim.architecture.generated_network import Draft
from otsim.config.architecture.network import AssetType

__all__ = ["add_weaknesses"]

_SOURCE = "made up"
# title, CVSS vector, what it gains
_FLAWS = (
    ("memory error, no log-in", "AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "admin"),
    ("memory error, log-in needed", "AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", "admin"),
    ("missing check of a log-in", "AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:H/A:N", "user"),
    ("files can be read from outside", "AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", "net"),
    ("rights of a service raised", "AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", "admin"),
    ("race while starting", "AV:N/AC:H/PR:N/UI:N/S:C/C:H/I:H/A:H", "admin"),
    ("project files run code", "AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H", "user"),
)
_CONTROLLER_FLAWS = (
    ("program accepted from anyone", "AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H", "logic"),
    ("firmware accepted unsigned", "AV:A/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "logic"),
)
_CONTROLLERS = ("plc", "rtu", "ied", "safety_controller")
_N_FLAWS = (1, 2, 3, 3, 4, 5)  # of an asset
_COMPUTERS: tuple[AssetType, ...] = (
    "workstation", "engineering_workstation", "hmi", "control_server", "application_server",
    "data_historian", "data_gateway", "jump_host",
)  # fmt: skip
_ONE_IMAGE = 8  # computers of a zone that are set up alike
_MOST_OF_A_KIND = 40  # assets that one credential opens


def add_weaknesses(draft: Draft) -> None:
    """Add to a draft with a network what an attacker can use, and what stands against it."""
    _add_flaws(draft)
    _add_credentials(draft)
    _add_people(draft)
    _add_carried_and_remote(draft)
    _add_controls(draft)
    _add_goals(draft)


def _add_flaws(draft: Draft) -> None:
    rng = draft.rng
    for name, asset in draft.assets.items():
        known = _CONTROLLER_FLAWS if asset["type"] in _CONTROLLERS else _FLAWS
        for number in range(1, rng.choice(_N_FLAWS) + 1):
            title, vector, gains = rng.choice(known)
            services = [key for key, one in draft.services.items() if one["asset"] == name]
            entry = {
                "title": title,
                "cvss": f"CVSS:3.1/{vector}",
                "epss": round(rng.random() ** 6, 5),  # most are near 0, a few near 1
                "asset": name,
                "gains": gains,
                "source": _SOURCE,
            }
            if services and "AV:N" in vector:
                entry["service"] = rng.choice(services)
            if rng.random() < 0.7:
                entry["fixed_in"] = f"{rng.randint(10, 19)}.{rng.randint(0, 9)}"
            draft.vulnerabilities[f"{name}_flaw_{number}"] = entry


def _add_credentials(draft: Draft) -> None:
    offices = draft.of_type("workstation")
    engineering = draft.of_type("engineering_workstation")
    screens, controllers = draft.of_type("hmi"), draft.of_type("plc", "rtu")
    servers = draft.of_type("application_server")
    safety = draft.of_type("safety_controller")
    makers = (
        ("server_administrator", offices[:2], servers, "admin"),
        ("operator", screens[:1], screens, "user"),
        ("engineer", engineering[:1], engineering + controllers, "logic"),
        ("safety_engineer", engineering[:1] if draft.weak() else [], safety, "logic"),
    )
    for name, stored, valid, level in makers:
        draft.credentials[name] = {
            "stored_on": stored,
            "valid_on": valid[:_MOST_OF_A_KIND],
            "level": level,
            "source": _SOURCE,
        }
    _add_accounts(draft)
    for name in controllers:
        if draft.rng.random() < 0.1 * draft.weak_share:
            draft.credentials[f"default_{name}"] = {
                "valid_on": [name],
                "level": "logic",
                "well_known": True,
                "source": _SOURCE,
            }


def _add_accounts(draft: Draft) -> None:
    """Give computers that were set up alike one password, and their users one account."""
    for zone in draft.zones:
        alike = [name for name in draft.of_type(*_COMPUTERS) if draft.assets[name]["zone"] == zone]
        for number, start in enumerate(range(0, len(alike), _ONE_IMAGE), 1):
            group = alike[start : start + _ONE_IMAGE]
            for level, stored in (("admin", group if draft.weak() else group[:4]), ("user", group)):
                draft.credentials[f"{level}_{zone}_{number}"] = {
                    "stored_on": stored,
                    "valid_on": group,
                    "level": level,
                    "source": _SOURCE,
                }


def _add_people(draft: Draft) -> None:
    rng = draft.rng
    offices = draft.of_type("workstation") or draft.of_type("application_server")
    draft.people["office_staff"] = {
        "headcount": 5 * len(offices),
        "phishing_rate": round(rng.uniform(0.02, 0.12), 3),
        "workstations": offices[:_MOST_OF_A_KIND],
        "source": _SOURCE,
    }
    draft.people["engineers"] = {
        "headcount": 2 * len(draft.of_type("engineering_workstation")),
        "phishing_rate": round(rng.uniform(0.01, 0.06), 3),
        "workstations": offices[-1:],
        "credentials": ["engineer"],
        "source": _SOURCE,
    }


def _add_carried_and_remote(draft: Draft) -> None:
    rng = draft.rng
    engineering = draft.of_type("engineering_workstation")
    draft.media["engineers_stick"] = {
        "kind": "usb_stick",
        "used_on": engineering[:1],
        "uses_per_year": rng.randint(10, 100),
        "infection_rate": round(rng.uniform(0.0005, 0.01), 4),
        "source": _SOURCE,
    }
    draft.media["service_laptop"] = {
        "kind": "laptop",
        "used_on": draft.of_type("plc")[:3],
        "uses_per_year": rng.randint(1, 12),
        "infection_rate": round(rng.uniform(0.001, 0.02), 4),
        "source": _SOURCE,
    }
    draft.vendor_access["control_supplier"] = {
        "service": "vpn_server_1_https",
        "reaches": (draft.of_type("control_server") or engineering)[:2],
        "always_on": draft.weak(),
        "sessions_per_year": rng.randint(2, 50),
        "compromise_rate": round(rng.uniform(0.005, 0.05), 4),
        "source": _SOURCE,
    }


def _add_controls(draft: Draft) -> None:
    rng = draft.rng

    def around(mode: float) -> dict[str, dict[str, float]]:
        return {"pert": {"low": 0.0, "mode": mode, "high": 1.0}}

    cells = [zone for zone in draft.zones if zone.startswith("cell_")]
    draft.controls |= {
        "mail_training": {
            "type": "prevent",
            "scope": {"techniques": ["T0865", "T0863"]},
            "effectiveness": around(round(rng.uniform(0.1, 0.4), 2)),
            "cost_per_year": 1_000 * rng.randint(5, 40),
            "mitigation": "M0917",
            "source": _SOURCE,
        },
        "plant_monitoring": {
            "type": "detect",
            "scope": {"zones": ["operations", *cells[:20]]},
            "effectiveness": around(round(rng.uniform(0.2, 0.7), 2)),
            "delay_h": {"lognormal": {"median": rng.randint(1, 48), "p95": 500.0}},
            "in_place": not draft.weak(),
            "cost_per_year": 1_000 * rng.randint(20, 200),
            "source": _SOURCE,
        },
        "incident_team": {
            "type": "respond",
            "scope": {"zones": ["enterprise", "dmz", "operations"]},
            "effectiveness": around(round(rng.uniform(0.5, 0.9), 2)),
            "delay_h": {"lognormal": {"median": rng.randint(4, 72), "p95": 700.0}},
            "cost_per_year": 1_000 * rng.randint(50, 300),
            "source": _SOURCE,
        },
    }


def _add_goals(draft: Draft) -> None:
    controller = draft.of_type("plc")[0]
    points = draft.assets[controller].get("points", {}).get("write", [])
    draft.goals["take_control"] = {"assets": {controller: "logic"}}
    if points:
        draft.goals["take_control"]["points"] = {"write": points[:3]}
    draft.goals["disarm_safety"] = {"assets": {"safety_controller_1": "logic"}}
