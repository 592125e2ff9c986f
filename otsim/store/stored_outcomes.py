"""Event rows back to outcomes, so that risk can be computed from what is committed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from otsim.config.study_points import points_of
from otsim.simulate.outcomes import STATUSES, Outcomes

if TYPE_CHECKING:
    import pyarrow as pa

    from otsim.config.study import Study

__all__ = ["stored_outcomes"]


def stored_outcomes(study: Study, events: pa.Table) -> Outcomes:
    """Return the physical outcomes that event rows hold; nothing is lost or rounded.

    Args:
        study: whose run it is.
        events: rows of the event table.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    status = pc.index_in(events.column("status"), value_set=pa.array(STATUSES))
    causes = pc.fill_null(events.column("cause"), "")

    def numbers(name: str) -> npt.NDArray[np.float64]:
        values = events.column(name).to_numpy(zero_copy_only=False)
        return np.asarray(values, np.float64)

    return Outcomes(
        twin_id=np.asarray(events.column("twin_id").to_numpy(), np.int64),
        status=np.asarray(status.to_numpy(), np.int32),
        cause=causes.to_numpy(zero_copy_only=False),
        end_h=numbers("end_h"),
        extrapolated_h=numbers("extrapolated_h"),
        columns={c.name: numbers(c.name) for c in points_of(study.plant).damage_columns},
    )
