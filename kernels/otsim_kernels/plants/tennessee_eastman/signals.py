"""The Tennessee Eastman plant's points, by the names and numbers of Downs and Vogel (1993).

Ranges of measurements are the transmitter spans of the control scheme where it has one (Russell,
Chiang, Braatz), else about twice the base value. Trip limits: Downs and Vogel, table 6, volumes
turned into level by the measurement's own formula; alarm limits: their normal operating limits.
"""

from __future__ import annotations

from otsim_kernels.signals import DamageColumn, Link, Signal

# number: title, unit, range low, range high, base value, standard deviation of the noise
MEASUREMENTS: dict[int, tuple[str, str, float, float, float, float]] = {
    1: ("A feed flow", "kscmh", 0.0, 1.017, 0.25052, 0.0012),
    2: ("D feed flow", "kg/h", 0.0, 5811.0, 3664.0, 18.0),
    3: ("E feed flow", "kg/h", 0.0, 8354.0, 4509.3, 22.0),
    4: ("A and C feed flow", "kscmh", 0.0, 15.25, 9.3477, 0.05),
    5: ("recycle flow", "kscmh", 0.0, 53.0, 26.902, 0.2),
    6: ("reactor feed flow", "kscmh", 0.0, 85.0, 42.339, 0.21),
    7: ("reactor pressure", "kPa gauge", 0.0, 3500.0, 2705.0, 0.3),
    8: ("reactor level", "%", 0.0, 150.0, 75.0, 0.5),
    9: ("reactor temperature", "°C", 0.0, 200.0, 120.40, 0.01),
    10: ("purge flow", "kscmh", 0.0, 1.0, 0.33712, 0.0017),
    11: ("separator temperature", "°C", 0.0, 150.0, 80.109, 0.01),
    12: ("separator level", "%", 0.0, 150.0, 50.0, 1.0),
    13: ("separator pressure", "kPa gauge", 0.0, 3500.0, 2633.7, 0.3),
    14: ("separator underflow", "m³/h", 0.0, 50.0, 25.160, 0.125),
    15: ("stripper level", "%", 0.0, 150.0, 50.0, 1.0),
    16: ("stripper pressure", "kPa gauge", 0.0, 4000.0, 3102.2, 0.3),
    17: ("product flow", "m³/h", 0.0, 46.0, 22.949, 0.115),
    18: ("stripper temperature", "°C", 0.0, 130.0, 65.731, 0.01),
    19: ("stripper steam flow", "kg/h", 0.0, 460.0, 230.31, 1.15),
    20: ("compressor work", "kW", 0.0, 700.0, 341.43, 0.2),
    21: ("reactor cooling water outlet temperature", "°C", 0.0, 150.0, 94.599, 0.01),
    22: ("condenser cooling water outlet temperature", "°C", 0.0, 150.0, 77.297, 0.01),
    23: ("reactor feed, A", "mol %", 0.0, 100.0, 32.188, 0.25),
    24: ("reactor feed, B", "mol %", 0.0, 100.0, 8.8933, 0.1),
    25: ("reactor feed, C", "mol %", 0.0, 100.0, 26.383, 0.25),
    26: ("reactor feed, D", "mol %", 0.0, 100.0, 6.8820, 0.1),
    27: ("reactor feed, E", "mol %", 0.0, 100.0, 18.776, 0.25),
    28: ("reactor feed, F", "mol %", 0.0, 100.0, 1.6567, 0.025),
    29: ("purge gas, A", "mol %", 0.0, 100.0, 32.958, 0.25),
    30: ("purge gas, B", "mol %", 0.0, 26.0, 13.823, 0.1),
    31: ("purge gas, C", "mol %", 0.0, 100.0, 23.978, 0.25),
    32: ("purge gas, D", "mol %", 0.0, 100.0, 1.2565, 0.1),
    33: ("purge gas, E", "mol %", 0.0, 100.0, 18.579, 0.25),
    34: ("purge gas, F", "mol %", 0.0, 100.0, 2.2633, 0.025),
    35: ("purge gas, G", "mol %", 0.0, 100.0, 4.8436, 0.05),
    36: ("purge gas, H", "mol %", 0.0, 100.0, 2.2986, 0.05),
    37: ("product, D", "mol %", 0.0, 100.0, 0.017866, 0.01),
    38: ("product, E", "mol %", 0.0, 1.6, 0.83570, 0.01),
    39: ("product, F", "mol %", 0.0, 100.0, 0.098577, 0.01),
    40: ("product, G", "mol %", 0.0, 100.0, 53.724, 0.5),
    41: ("product, H", "mol %", 0.0, 100.0, 43.828, 0.5),
}
# number: title, base value in %
COMMANDS: dict[int, tuple[str, float]] = {
    1: ("D feed valve", 63.053),
    2: ("E feed valve", 53.980),
    3: ("A feed valve", 24.644),
    4: ("A and C feed valve", 61.302),
    5: ("compressor recycle valve", 22.210),
    6: ("purge valve", 40.064),
    7: ("separator liquid valve", 38.100),
    8: ("stripper product valve", 46.534),
    9: ("stripper steam valve", 47.446),
    10: ("reactor cooling water valve", 41.106),
    11: ("condenser cooling water valve", 18.114),
    12: ("agitator speed", 50.0),
}
# loop: measurement it holds
LOOPS: dict[int, int] = {
    1: 2, 2: 3, 3: 1, 4: 4, 5: 5, 6: 10, 7: 12, 8: 15, 9: 19, 10: 21, 11: 17,
    13: 23, 14: 26, 15: 27, 16: 18, 17: 8, 18: 9, 19: 30, 20: 38,
}  # fmt: skip

GAUGE_ZERO_MMHG = 760.0
REACTOR_TRIP_M3, SEPARATOR_TRIP_M3, STRIPPER_TRIP_M3 = (2.0, 24.0), (1.0, 12.0), (1.0, 8.0)
FT3_PER_M3 = 35.3145
# level = (volume - zero) / span * 100, in ft3
LEVEL_SCALE_FT3 = {8: (84.6, 666.7), 12: (27.5, 290.0), 15: (78.25, 156.5)}


def level_percent(number: int, volume_m3: float) -> float:
    """Turn a liquid volume into the reading of level transmitter XMEAS(`number`)."""
    zero_ft3, span_ft3 = LEVEL_SCALE_FT3[number]
    return (volume_m3 * FT3_PER_M3 - zero_ft3) / span_ft3 * 100.0


TRIP_LIMITS: dict[int, tuple[float | None, float | None]] = {
    7: (None, 3000.0),
    8: (level_percent(8, REACTOR_TRIP_M3[0]), level_percent(8, REACTOR_TRIP_M3[1])),
    9: (None, 175.0),
    12: (level_percent(12, SEPARATOR_TRIP_M3[0]), level_percent(12, SEPARATOR_TRIP_M3[1])),
    15: (level_percent(15, STRIPPER_TRIP_M3[0]), level_percent(15, STRIPPER_TRIP_M3[1])),
}
ALARM_LIMITS: dict[int, tuple[float | None, float | None]] = {
    7: (None, 2895.0),
    8: (50.0, 100.0),
    9: (None, 150.0),
    12: (30.0, 100.0),
    15: (30.0, 100.0),
}
# in the order of the status bits of a trip
TRIPS: tuple[tuple[str, str], ...] = (
    ("TRIP_REACTOR_PRESSURE_HIGH", "reactor pressure high"),
    ("TRIP_REACTOR_LEVEL_HIGH", "reactor level high"),
    ("TRIP_REACTOR_LEVEL_LOW", "reactor level low"),
    ("TRIP_REACTOR_TEMPERATURE_HIGH", "reactor temperature high"),
    ("TRIP_SEPARATOR_LEVEL_HIGH", "separator level high"),
    ("TRIP_SEPARATOR_LEVEL_LOW", "separator level low"),
    ("TRIP_STRIPPER_LEVEL_HIGH", "stripper level high"),
    ("TRIP_STRIPPER_LEVEL_LOW", "stripper level low"),
)
# in the order of the bits of a destruction
DESTRUCTIONS: tuple[str, ...] = (
    "reactor ruptured",
    "reactor full of liquid",
    "separator full of liquid",
    "stripper full of liquid",
    "reactor hotter than the model",
)


def _measurement(number: int) -> Signal:
    title, unit, low, high, normal, _ = MEASUREMENTS[number]
    trip_low, trip_high = TRIP_LIMITS.get(number, (None, None))
    alarm_low, alarm_high = ALARM_LIMITS.get(number, (None, None))
    return Signal(
        name=f"XMEAS{number}", title=title, unit=unit, kind="measurement", low=low, high=high,
        normal=normal, trip_low=trip_low, trip_high=trip_high, alarm_low=alarm_low,
        alarm_high=alarm_high,
    )  # fmt: skip


def _command(number: int) -> Signal:
    title, normal = COMMANDS[number]
    return Signal(
        name=f"XMV{number}", title=title, unit="%", kind="command", low=0.0, high=100.0,
        normal=normal,
    )  # fmt: skip


def _setpoint(loop: int) -> Signal:
    title, unit, low, high, normal, _ = MEASUREMENTS[LOOPS[loop]]
    return Signal(
        name=f"SP{loop}", title=f"set-point of loop {loop}: {title}", unit=unit, kind="setpoint",
        low=low, high=high, normal=normal,
    )  # fmt: skip


def _loop(loop: int) -> Signal:
    title = f"controller gain of loop {loop}: {MEASUREMENTS[LOOPS[loop]][0]}"
    return Signal(name=f"LOOP{loop}", title=title, unit="", kind="loop", normal=1.0)


SIGNALS: tuple[Signal, ...] = (
    *(_measurement(n) for n in MEASUREMENTS),
    *(_command(n) for n in COMMANDS),
    *(_setpoint(n) for n in LOOPS),
    *(_loop(n) for n in LOOPS),
    Signal(name="SIS", title="safety trip system, all functions", unit="", kind="trip"),
    *(Signal(name=name, title=f"safety trip: {cause}", unit="", kind="trip")
      for name, cause in TRIPS),
    Signal(name="ALARMS", title="process alarms of the operator station", unit="", kind="alarm"),
)  # fmt: skip

LINKS: tuple[Link, ...] = (
    Link(
        name="LINK_FEEDS",
        title="field link of the feed section",
        signals=("XMEAS1", "XMEAS2", "XMEAS3", "XMEAS4", "XMV1", "XMV2", "XMV3", "XMV4"),
    ),
    Link(
        name="LINK_REACTOR",
        title="field link of the reactor section",
        signals=("XMEAS6", "XMEAS7", "XMEAS8", "XMEAS9", "XMEAS21", "XMV10", "XMV12"),
    ),
    Link(
        name="LINK_SEPARATOR",
        title="field link of separator, condenser, compressor and purge",
        signals=(
            "XMEAS5", "XMEAS10", "XMEAS11", "XMEAS12", "XMEAS13", "XMEAS14", "XMEAS20", "XMEAS22",
            "XMV5", "XMV6", "XMV7", "XMV11",
        ),
    ),
    Link(
        name="LINK_STRIPPER",
        title="field link of the stripper",
        signals=("XMEAS15", "XMEAS16", "XMEAS17", "XMEAS18", "XMEAS19", "XMV8", "XMV9"),
    ),
    Link(
        name="LINK_ANALYSERS",
        title="link to the analyser house",
        signals=tuple(f"XMEAS{n}" for n in range(23, 42)),
    ),
)  # fmt: skip

DAMAGE_COLUMNS: tuple[DamageColumn, ...] = (
    DamageColumn(name="peak_xmeas7", unit="kPa gauge", description="highest reactor pressure"),
    DamageColumn(name="peak_xmeas9", unit="°C", description="highest reactor temperature"),
    DamageColumn(name="peak_xmeas8", unit="%", description="highest reactor level"),
    DamageColumn(name="low_xmeas8", unit="%", description="lowest reactor level"),
    DamageColumn(name="peak_xmeas12", unit="%", description="highest separator level"),
    DamageColumn(name="low_xmeas12", unit="%", description="lowest separator level"),
    DamageColumn(name="peak_xmeas15", unit="%", description="highest stripper level"),
    DamageColumn(name="low_xmeas15", unit="%", description="lowest stripper level"),
    DamageColumn(name="product_m3", unit="m³", description="product made, on and off spec"),
    DamageColumn(
        name="offspec_product_m3",
        unit="m³",
        description="product with G outside 53.724 ± 5 mol % (Downs and Vogel's band)",
    ),
    DamageColumn(name="offspec_h", unit="h", description="hours with product off spec"),
    DamageColumn(
        name="operating_cost_usd",
        unit="USD",
        description="raw material, product, steam and power lost (Downs and Vogel, table 9)",
    ),
)
BASE_PRODUCT_M3_H = 22.949
