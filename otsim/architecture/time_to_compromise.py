"""Time to compromise of a plant component: the TTC-ICS model of three processes.

An attacker either finds an exploit ready for a vulnerability of the component (process 1), or
writes one for a vulnerability that he knows how to use (process 2), or waits for a vulnerability
that he can use (process 3). The mean time follows from the vulnerabilities of the component and
from the attacker's skill:

    t1 = (10 / CVSS2 + 3.9 / E3) / 2         days; mean CVSS v2 base, mean v3 exploitability
    P1 = 1 - exp(-v m / k)                   v vulnerabilities, m exploits, k vulnerabilities in all
    u = (1 - f)^v                            none of them is usable at this skill
    t3 = (1 / f - 0.5) * days between vulnerabilities + t2
    T = t1 P1 + t2 (1 - P1) (1 - u) + t3 (1 - P1) u

Source: E. Rencelj Ling, M. Ekstedt, Estimating the Time-To-Compromise of Exploiting Industrial
Control System Vulnerabilities, ICISSP 2022, and SN Computer Science 2023, with the workbook
EngLi/ttc-ics; after M. McQueen, W. Boyer, M. Flynn, G. Beitel, Quality of Protection 2006.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from otsim.errors import ModelError

__all__ = ["PROFILES", "Component", "Mixture", "Profile", "mixture"]

Array = npt.NDArray[np.float64]
Numbers = float | Array


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What an attacker can do.

    Attributes:
        usable_frac: share of vulnerabilities for which he can use or write an exploit.
        exploit_d: t2, days that he takes to write one.
    """

    usable_frac: Numbers
    exploit_d: Numbers


PROFILES: Mapping[str, Profile] = {
    "novice": Profile(usable_frac=0.05, exploit_d=37.0),
    "beginner": Profile(usable_frac=0.24, exploit_d=27.0),
    "intermediate": Profile(usable_frac=0.5, exploit_d=16.0),
    "expert": Profile(usable_frac=1.0, exploit_d=6.0),
}
"""Attackers by skill, with the numbers of the workbook EngLi/ttc-ics."""


@dataclass(frozen=True, kw_only=True)
class Component:
    """The vulnerabilities of a component; each field is a number or an array of one shape.

    Attributes:
        n_vulnerabilities: known for the component (v).
        n_exploits: ready for an attacker of this skill, for any component (m).
        n_vulnerabilities_in_all: known for all components (k).
        cvss2_base: mean CVSS v2 base score, above 0.
        cvss3_exploitability: mean CVSS v3 exploitability sub-score, above 0.
        days_between: mean days between the publication of two vulnerabilities.
    """

    n_vulnerabilities: Numbers
    n_exploits: Numbers
    n_vulnerabilities_in_all: Numbers
    cvss2_base: Numbers
    cvss3_exploitability: Numbers
    days_between: Numbers


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """The time to compromise as a mixture of three processes.

    Attributes:
        probability: of each process, f64[3, ...]; sums to 1 over the first axis.
        mean_d: mean time of each process, days, f64[3, ...].
        none_usable: u, the probability that no known vulnerability is usable.
    """

    probability: Array
    mean_d: Array
    none_usable: Array

    @property
    def total_mean_d(self) -> Array:
        """The mean time to compromise, days, f64[...]."""
        total: Array = (self.probability * self.mean_d).sum(axis=0)
        return total


def mixture(component: Component, profile: Profile) -> Mixture:
    """Return the three processes of a component under an attacker.

    Raises:
        ModelError: a number is outside its range.
    """
    given = {name: np.asarray(value, float) for name, value in _fields(component, profile)}
    for name, value in given.items():
        _check(name, value)
    ready = -np.expm1(
        -given["n_vulnerabilities"] * given["n_exploits"] / given["n_vulnerabilities_in_all"]
    )
    none_usable = (1.0 - given["usable_frac"]) ** given["n_vulnerabilities"]
    ready_d = 0.5 * (10.0 / given["cvss2_base"] + 3.9 / given["cvss3_exploitability"])
    wait_d = (1.0 / given["usable_frac"] - 0.5) * given["days_between"] + given["exploit_d"]
    others = (1.0 - ready) * (1.0 - none_usable), (1.0 - ready) * none_usable
    parts = np.broadcast_arrays(ready, *others, ready_d, given["exploit_d"], wait_d)
    return Mixture(
        probability=np.stack(parts[:3]), mean_d=np.stack(parts[3:]), none_usable=none_usable
    )


_ABOVE_ZERO = ("n_vulnerabilities_in_all", "cvss2_base", "cvss3_exploitability", "usable_frac")


def _fields(*holders: Component | Profile) -> list[tuple[str, Numbers]]:
    return [item for holder in holders for item in vars(holder).items()]


def _check(name: str, value: Array) -> None:
    low_enough = value <= (1.0 if name == "usable_frac" else np.inf)
    high_enough = value > 0.0 if name in _ABOVE_ZERO else value >= 0.0
    if not np.all(low_enough & high_enough):
        need = {True: "above 0", False: "0 or more"}[name in _ABOVE_ZERO]
        need += ", at most 1" if name == "usable_frac" else ""
        raise ModelError(f"time to compromise: {name} is {value}, but must be {need}")
