"""The run folder: schemas of the results, and the protocol by which files are committed."""

from __future__ import annotations

from otsim.store.events import event_schema, event_table
from otsim.store.parts import Part, parse_part
from otsim.store.places import is_local, place_of
from otsim.store.risk_rows import baseline_table, physical_table, risk_tables, tornado_table
from otsim.store.run_folder import RunFolder
from otsim.store.run_identity import config_sha256, run_id
from otsim.store.run_reader import RunFacts, RunReader
from otsim.store.tables import TABLES, result_schema, result_table
from otsim.store.traces import ROLES, AttackSpan, TwinStory, story_of, trace_table

__all__ = [
    "ROLES",
    "TABLES",
    "AttackSpan",
    "Part",
    "RunFacts",
    "RunFolder",
    "RunReader",
    "TwinStory",
    "baseline_table",
    "config_sha256",
    "event_schema",
    "event_table",
    "is_local",
    "parse_part",
    "physical_table",
    "place_of",
    "result_schema",
    "result_table",
    "risk_tables",
    "run_id",
    "story_of",
    "tornado_table",
    "trace_table",
]
