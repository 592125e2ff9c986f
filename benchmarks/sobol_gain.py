"""What nets of Sobol points gain over independent draws: error of EAL, VaR and CVaR.

Runs a study with 64 independent nets of 1,024 twins each. An estimate from one net varies between
the nets as it would between seeds; by chance it would vary with the variance of its twins, over
1,024. Their ratio is the gain: so many times fewer twins for the same error. CVaR and VaR enter by
their influence on an event, as their stated errors do.

    python benchmarks/sobol_gain.py                     # both shipped studies, about 5 minutes
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from rows import ROOT, about_this_machine, append_lines

NETS, POINTS = 64, 1024
PERIODS = (100.0, 250.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--study", type=Path, action="append", help="study file; may be repeated")
    studies = parser.parse_args().study or sorted((ROOT / "configs" / "studies").glob("te_*.yaml"))
    lines = [line for path in studies for line in gains(path)]
    append_lines("sobol_gain.jsonl", lines)
    for line in lines:
        print(json.dumps(line))


def gains(path: Path) -> list[dict[str, Any]]:
    """Run a study and compare its quantities between nets."""
    from otsim.config import read_study
    from otsim.risk import study_frequency
    from otsim.risk.annual import annual_loss, annual_value_at_risk, others_excess
    from otsim.store import RunReader
    from otsim.study import run_study

    size = [f"simulation.twins={NETS * POINTS}", f"simulation.replicates={NETS}"]
    study = read_study(path, ["simulation.draws=sobol", *size])
    with tempfile.TemporaryDirectory() as folder:
        run_study(study, Path(folder) / "run")
        rows = RunReader.at(Path(folder) / "run").read_events()
    loss = rows.column("loss").to_numpy().astype(np.float64)
    annual = annual_loss(loss, study_frequency(study))
    quantities = {"probability of a loss": 1.0 * (loss > 0.0), "expected annual loss": loss}
    for period in PERIODS:
        at = annual_value_at_risk(annual, 1.0 - 1.0 / period)
        quantities[f"VaR, {period:.0f} years"] = 1.0 * (loss > at)
        quantities[f"CVaR, {period:.0f} years"] = others_excess(annual, at - loss)
    return [
        {
            "study": path.stem,
            "quantity": name,
            "variance_by_chance_over_nets": round(gain(values), 2),
            "one_sigma": round(gain(values) * math.sqrt(2.0 / (NETS - 1)), 2),
            "nets": NETS,
            "points": POINTS,
            **about_this_machine(),
        }
        for name, values in quantities.items()
    ]


def gain(values: np.ndarray) -> float:
    """Return the variance of a mean of POINTS twins by chance, over that between nets."""
    nets = values.reshape(POINTS, NETS).mean(axis=0)
    return float(np.var(values) / POINTS / np.var(nets, ddof=1))


if __name__ == "__main__":
    main()
