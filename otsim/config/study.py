"""The study: one YAML file that says everything a run needs."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from otsim.config.distribution_parameters import Frozen, Real
from otsim.config.field_types import Source, Whole
from otsim.config.study_attack import Attack
from otsim.config.study_attackers import Attackers
from otsim.config.study_defence import Defence
from otsim.config.study_loss import Loss
from otsim.config.study_plant import Plant
from otsim.config.study_sweep import Sweep
from otsim.config.study_tilt import Tilt

__all__ = ["Report", "Simulation", "Study", "UncertainInput"]


class UncertainInput(Frozen):
    """One input that may be off, and how far; a bar of the tornado."""

    key: str = Field(
        description="Key path of a number: attackers.frequency.per_year or .dispersion, "
        "attackers.profiles.NAME.share, or anything below loss, such as "
        "loss.restart_h.lognormal.median."
    )
    low: Real = Field(description="Low value, in the unit of the key.")
    high: Real = Field(description="High value, in the unit of the key.")
    title: str | None = Field(None, description="Label in the report. Default: the key.")
    source: Source = None


class Simulation(Frozen):
    """How many twins, and how they are computed; only seed and precision decide results."""

    twins: Annotated[Whole, Field(ge=1, le=1_000_000_000)] = Field(
        4096, description="Number of sampled campaigns. Default 4096."
    )
    seed: Annotated[Whole, Field(ge=0, lt=2**63)] = Field(
        1, description="Same seed, same results. Default 1."
    )
    draws: Literal["independent", "sobol"] = Field(
        "independent",
        description="independent: every twin by chance. sobol: nets of evenly spread twins, for a "
        "smaller error of means with the same number of them; twins is then a power of two. "
        "Default independent.",
    )
    replicates: Annotated[Whole, Field(ge=4, le=1024)] = Field(
        16,
        description="With draws: sobol, the independently scrambled nets that the twins are dealt "
        "out to, a power of two: their spread is the error. Default 16.",
    )
    sampling: Literal["plain", "importance"] = Field(
        "plain",
        description="plain: twins as likely as life has them. importance: twins tilted to the "
        "worst losses and weighted back, after pilot runs that find how; for return periods that "
        "plain twins hardly know. Needs draws: independent. Default plain.",
    )
    tilt: Tilt | None = Field(
        None, description="How importance sampling draws. Default: found by pilot runs."
    )
    precision: Literal["float32", "float64"] = Field(
        "float32", description="Floating-point numbers of the twins. Default float32."
    )
    shard_size: Annotated[Whole, Field(ge=1, le=1_000_000)] = Field(
        512, description="Twins per committed file. Default 512."
    )
    batch: Annotated[Whole, Field(ge=32, le=1_000_000, multiple_of=32)] = Field(
        64,
        description="Twins computed side by side, a multiple of 32: then results are the same, bit "
        "for bit, for any batch. Not for water_network, whose blocks are of 128. Default 64.",
    )

    @model_validator(mode="after")
    def _one_way_to_draw(self) -> Self:
        if self.sampling == "importance" and self.draws != "independent":
            raise ValueError("sampling: importance needs draws: independent, not nets")
        if self.tilt is not None and self.sampling != "importance":
            raise ValueError("tilt is of no use with sampling: plain; add sampling: importance")
        return self


class Report(Frozen):
    """What the report shows."""

    return_periods: tuple[
        Annotated[float, Field(gt=1, le=1e7, allow_inf_nan=False, strict=True)], ...
    ] = Field(
        (10.0, 50.0, 100.0, 250.0, 500.0),
        min_length=1,
        description="Return periods of the loss table, years, each above 1. "
        "Default [10, 50, 100, 250, 500].",
    )


class Study(Frozen):
    """A study of the cyber risk of one plant."""

    version: Literal[1] = Field(description="Version of this format: 1.")
    title: str = Field(description="Title of the report.")
    description: str | None = Field(None, description="Prose for the report.")
    plant: Plant = Field(description="The process that the attack meets.")
    attackers: Attackers = Field(description="Who attacks, and how often.")
    attack: Attack = Field(description="The way in, and what is done there.")
    defence: Defence = Field(Defence(), description="What stands against the campaign.")
    loss: Loss = Field(description="What downtime, bad product and damage cost.")
    uncertainty: tuple[UncertainInput, ...] = Field(
        (),
        max_length=100,
        description="Inputs that may be off; the tornado shows their effect. Default none.",
    )
    simulation: Simulation = Field(Simulation(), description="How many twins, and how.")
    report: Report = Field(Report(), description="What the report shows.")
    sweep: Sweep | None = Field(
        None, description="Values that `otsim sweep` tries; other commands pass over it."
    )
    sources: dict[str, str] = Field(
        {}, description="Bibliography: text by key; `source` fields may name a key."
    )

    @property
    def response_action(self) -> Literal["isolate", "restore", "shut_down"] | None:
        """What a response does to a campaign that acts; None if nobody ever responds.

        Controls of an architecture isolate, unless the study's own response does something else.
        """
        if self.defence.response is not None:
            return self.defence.response.action
        architecture = self.attack.architecture
        controls = () if architecture is None else architecture.controls.values()
        return "isolate" if any(one.type == "respond" for one in controls) else None
