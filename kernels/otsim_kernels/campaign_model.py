"""What a campaign is drawn from: a study's attackers, attack graph, safeguards and clocks."""

from __future__ import annotations

from dataclasses import dataclass

import jax

from otsim_kernels.attack_timeline import Program
from otsim_kernels.attack_way import Ways
from otsim_kernels.distributions import DrawBank
from otsim_kernels.draws import Array


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Choice:
    """A draw of one of several, its odds given by a row of `limits`.

    Attributes:
        purpose: u32[].
        limits: u32[n_rows, n_choices - 1], `chance_limit` of the cumulative odds.
    """

    purpose: Array
    limits: Array


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Exploits:
    """Leaves whose time is that of one of three processes: ready, to be written, to be waited for.

    Attributes:
        process: u32[n_exploits, 1], purposes of the draw of a process; time: of its time.
        limits: u32[2, n_profiles, n_exploits], `chance_limit` of the cumulative odds.
        mu: f[3, n_profiles, n_exploits], of the logarithm of the hours; sigma: f[n_exploits, 1].
    """

    process: Array
    time: Array
    limits: Array
    mu: Array
    sigma: Array


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Steps:
    """The leaves of the tree or graph.

    Attributes:
        exists_purpose: u32[n_leaves, 1].
        exists_limit: u32[n_profiles, n_leaves], `chance_limit` of the probability.
        guards: i32[n_guards, n_leaves], controls that prevent it; n_controls fills up.
        absent: bool[n_leaves, 1], leaves that are taken out of every world; present: that are put
            into every world.
        time_h: a distribution for each leaf that has one of its own, hours; these come first.
        exploits: the others.
        least_h: f[n_leaves, 1], which no time is below.
    """

    exists_purpose: Array
    exists_limit: Array
    guards: Array
    absent: Array
    present: Array
    time_h: DrawBank
    exploits: Exploits
    least_h: Array


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Controls:
    """Safeguards whose effect is drawn once a campaign.

    Attributes:
        effect: a distribution for each, the share of attempts that it stops, notices or ends.
        delay_h: a distribution for each, hours until it notices, or is done.
        share: f[n_controls, 1], 1 where it is in place, 0 where it is not.
    """

    effect: DrawBank
    delay_h: DrawBank
    share: Array


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Detections:
    """The leaves that may be noticed when they are tried, and by whom.

    Attributes:
        nodes: i32[n_watched], rows of the node arrays; leaves: i32[n_watched], rows of the leaves.
        purpose: u32[n_watched, 1]; limit: u32[n_watched, 1].
        control: i32[n_watched], whose effect is the chance; n_controls where the limit alone is.
        tried: bool[n_watched, n_goals], whether a campaign for that goal may try the step.
        delay_h: a distribution for each that has one of its own, hours from the start of the step.
        delay_place: i32[n_watched], where its delay stands among these and those of the controls.
        found_h: one distribution, hours from the first way in to its discovery anyway.
    """

    nodes: Array
    leaves: Array
    purpose: Array
    limit: Array
    control: Array
    tried: Array
    delay_h: DrawBank
    delay_place: Array
    found_h: DrawBank


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Responses:
    """Who acts upon a detection, and how soon.

    Attributes:
        purpose: u32[n_responses, 1]; limit: u32[n_responses, 1], chance to act upon a detection.
        control: i32[n_responses], whose effect is that chance; n_controls where the limit alone is.
        delay_h: a distribution for each, hours from the first detection that it answers.
        answers: bool[n_responses, n_watched + 1], which detections; the last: found anyway.
    """

    purpose: Array
    limit: Array
    control: Array
    delay_h: DrawBank
    answers: Array


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Clocks:
    """What slows a campaign down and what ends it.

    Attributes:
        effort_purpose: u32[]; effort_sigma: f[], of the logarithm of the common factor on times.
        time_factor: f[n_profiles].
        budget_h: f[], inf for none.
    """

    effort_purpose: Array
    effort_sigma: Array
    time_factor: Array
    budget_h: Array


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class CampaignModel:
    """All that is drawn for a campaign before it acts on the plant.

    Attributes:
        ways: tells which steps led to the goal, of a graph: attackers try these alone, unless the
            goal cannot be reached in their world. None: they try all steps that serve the goal.
        profile: limits are u32[1, n_profiles - 1]; goal: u32[n_profiles, n_goals - 1].
        needs: i32[n_goals, n_needs], rows of the node arrays; shorter lists repeat their last.
        entries: i32[n_entries], rows of the node arrays; entry_leaves: i32[n_entries].
    """

    program: Program
    ways: Ways | None
    profile: Choice
    goal: Choice
    needs: Array
    entries: Array
    entry_leaves: Array
    steps: Steps
    controls: Controls
    detections: Detections
    responses: Responses
    clocks: Clocks
