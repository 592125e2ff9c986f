"""From sampled events to annual risk: exact compounding, curves, contributions and errors."""

from otsim.risk.events import EventLosses, Labels, event_losses, study_frequency
from otsim.risk.frequency import Frequency
from otsim.risk.tables import RiskTables, annual_risk
from otsim.risk.tornado import TornadoRow, tornado

__all__ = [
    "EventLosses",
    "Frequency",
    "Labels",
    "RiskTables",
    "TornadoRow",
    "annual_risk",
    "event_losses",
    "study_frequency",
    "tornado",
]
