"""What twins of a network tell: the columns of their damage; readable without jax."""

from __future__ import annotations

from collections.abc import Sequence

from otsim_kernels.signals import DamageColumn

_COLUMNS = (
    ("unmet_m3", "m3", "demand not delivered"),
    ("outage_customer_h", "h", "customers times the part of their demand not met times hours"),
    ("customers_affected", "1", "customers that ever got less than half of their demand"),
    ("low_pressure_h", "h", "low pressure, summed over the junctions that want water"),
    ("overflow_m3", "m3", "spilled from tanks"),
    ("tank_empty_h", "h", "tank at its minimum level, summed over tanks"),
    ("energy_kwh", "kWh", "energy of the pumps"),
    ("peak_surge_m", "m", "largest surge that a change of flow may have made (Joukowsky)"),
    ("pump_starts", "1", "starts of all pumps"),
    ("peak_pump_starts", "1", "starts of the pump that started most"),
    ("pump_dry_h", "h", "pump with less than atmospheric pressure at its inlet, all pumps"),
    ("peak_pump_dry_h", "h", "the same, of the pump that ran so the longest"),
)


def damage_columns(zones: Sequence[str]) -> tuple[DamageColumn, ...]:
    """Return the columns of a network's damage; those of zones where there are several."""
    found = [DamageColumn(name=name, unit=unit, description=text) for name, unit, text in _COLUMNS]
    if len(zones) > 1:
        found += [
            DamageColumn(name=zone_column(zone), unit="m3", description=f"not delivered in {zone}")
            for zone in zones
        ]
    return tuple(found)


def zone_column(zone: str) -> str:
    """Return the name of the column of a zone's unmet demand."""
    return f"unmet_m3_{zone.lower()}"
