"""CVSS 3.1 scores: published examples, ranges, and vectors with a slip."""

from __future__ import annotations

import itertools

import pytest

from otsim.architecture.cvss import scores
from otsim.errors import ModelError

WORST = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"


@pytest.mark.parametrize(
    ("vector", "base"),
    [  # FIRST, CVSS v3.1 examples: CVE-2013-1937, -2013-0375, -2014-3566, -2012-1516, -2009-0783
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1),
        ("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 6.4),
        ("CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", 3.1),
        ("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H", 9.9),
        ("CVSS:3.1/AV:L/AC:L/PR:H/UI:N/S:U/C:L/I:L/A:L", 4.2),
        (WORST, 10.0),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0),
    ],
)
def test_base_scores(vector: str, base: float) -> None:
    assert scores(vector).base == base


def test_every_vector_has_scores_in_range() -> None:
    values = {"AV": "NALP", "AC": "LH", "PR": "NLH", "UI": "NR", "S": "UC",
              "C": "HLN", "I": "HLN", "A": "HLN"}  # fmt: skip
    for pick in itertools.product(*values.values()):
        found = scores("CVSS:3.1/" + "/".join(map(":".join, zip(values, pick, strict=True))))
        assert 0.0 <= found.base <= 10.0
        assert found.base * 10.0 == pytest.approx(round(found.base * 10.0), abs=1e-9)
        assert 0.12 <= found.exploitability <= 3.89
        assert (found.base > 0.0) == (found.impact > 0.0)


def test_the_order_of_metrics_does_not_matter() -> None:
    head, *parts = WORST.split("/")
    assert scores("/".join([head, *reversed(parts)])) == scores(WORST)


@pytest.mark.parametrize(
    ("vector", "message"),
    [
        (WORST.replace("AV:N", "AV:X"), "AV is 'X', but must be one of N, A, L, P"),
        (WORST.replace("/S:C", ""), "lacks S"),
        (WORST + "/A:H", "A is given twice"),
        ("AV:N/AC:L/Au:N/C:C/I:C/A:C", "need a CVSS 3.1 vector"),
        ("", "need a CVSS 3.1 vector"),
    ],
)
def test_a_slip_is_one_line(vector: str, message: str) -> None:
    with pytest.raises(ModelError) as caught:
        scores(vector)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
