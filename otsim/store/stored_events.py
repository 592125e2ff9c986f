"""Event rows back to campaigns, outcomes and losses, shard by shard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from otsim.attack import compile_attack, sample_campaigns
from otsim.draws import study_draws
from otsim.loss import assess
from otsim.store.stored_outcomes import stored_outcomes

if TYPE_CHECKING:
    import pyarrow as pa

    from otsim.attack.campaigns import Campaigns
    from otsim.config.study import Study
    from otsim.loss import Losses
    from otsim.simulate.outcomes import Outcomes

__all__ = ["stored_parts"]


def stored_parts(
    study: Study, shards: Iterable[pa.Table]
) -> Iterator[tuple[Campaigns, Outcomes, Losses]]:
    """Yield what each shard holds; campaigns and losses are drawn again, which gives the same bits.

    Args:
        study: whose run it is.
        shards: rows of the event table, each a contiguous range of twins.
    """
    model, draws = compile_attack(study), study_draws(study)
    for rows in shards:
        outcomes = stored_outcomes(study, rows)
        first, count = int(outcomes.twin_id[0]), len(outcomes.twin_id)
        campaigns = sample_campaigns(model, first, count, draws=draws)
        yield campaigns, outcomes, assess(study, campaigns, outcomes)
