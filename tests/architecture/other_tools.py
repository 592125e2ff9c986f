"""Small files as other tools write them."""

from __future__ import annotations

EPSS = """\
#model_version:v2025.03.14,score_date:2026-11-20T00:00:00+0000
cve,epss,percentile
CVE-2021-44228,0.94358,0.99957
CVE-2019-0708,0.94451,0.99989
CVE-1999-0001,1e-05,0.1
"""
KEV = """\
cveID,vendorProject,product,vulnerabilityName,dateAdded,shortDescription,dueDate
CVE-2021-44228,Apache,Log4j2,"Apache Log4j2, remote code",2021-12-10,"text, with
two lines",2021-12-24
CVE-2024-21762,Fortinet,FortiOS,Out-of-bounds,2024-02-09,text,2024-02-16
"""

MODEL = """\
threagile_version: 1.0.0
title: Water works
date: 2026-03-31
technical_assets:
  Operator HMI:
    id: hmi-1
    type: process
    technology: desktop
    integrity: critical
    communication_links:
      Reads the pump:
        target: plc 1
        protocol: modbus
        authentication: none
      To itself:
        target: hmi-1
        protocol: https
  Pump PLC:
    id: plc 1
    type: process
    technologies: [embedded]
    availability: operational
    communication_links:
  Supplier:
    id: 3
    type: external-entity
    internet: true
    communication_links:
      Web:
        target: hmi-1
        protocol: https
        authentication: two-factor
      Web again:
        target: hmi-1
        protocol: https
        authentication: credentials
  Reporting:
    id: report
    type: process
trust_boundaries:
  Cell:
    id: cell
    type: network-dedicated-hoster
    technical_assets_inside: [plc 1]
  Plant:
    id: plant
    technical_assets_inside: [hmi-1]
    trust_boundaries_nested: [cell]
"""

STOP_LINE = """\
<?xml version="1.0" encoding="UTF-8"?>
<adtree profit="x"><node refinement="disjunctive"><label>stop line</label>
  <node refinement="conjunctive"><label>remote</label>
    <node><label>log in</label><parameter domainId="ProbSucc2" category="basic">0.25</parameter>
      <parameter domainId="MinCost1">15.0</parameter></node>
    <node><label>find
      the line</label><comment>by name</comment></node></node>
  <node refinement="sequential"><label>by hand</label>
    <node><label>climb fence</label>
      <node switchRole="yes"><label>guards</label></node>
      <node switchRole="yes"><label>dogs</label>
        <node switchRole="yes"><label>sausage</label></node></node></node>
    <node><label>log in</label></node></node></node>
  <domain id="ProbSucc2"><class>x</class></domain></adtree>
"""


def pattern(number: str, name, *phases: str, **more) -> dict:
    return {
        "type": "attack-pattern",
        "id": f"attack-pattern--{number}",
        "name": name,
        "x_mitre_domains": ["ics-attack"],
        "external_references": [{"source_name": "mitre-attack", "external_id": number}],
        "kill_chain_phases": [
            {"kill_chain_name": "mitre-ics-attack", "phase_name": phase} for phase in phases
        ],
        **more,
    }


def mitigation(number: str, name: str, **more) -> dict:
    return {
        "type": "course-of-action",
        "id": f"course-of-action--{number}",
        "name": name,
        "external_references": [{"source_name": "mitre-attack", "external_id": number}],
        **more,
    }


def relation(kind: str, source: str, target: str, **more) -> dict:
    return {
        "type": "relationship",
        "id": f"relationship--{kind}-{source}-{target}",
        "relationship_type": kind,
        "source_ref": source,
        "target_ref": target,
        **more,
    }


OBJECTS = [
    {"type": "x-mitre-collection", "id": "x-mitre-collection--1", "x_mitre_version": "20.0"},
    pattern("T0866", "Exploitation of Remote Services", "initial-access", "lateral-movement"),
    pattern("T1692", "Unauthorized Message", "impair-process-control"),
    pattern("T1692.001", "Command Message", "impair-process-control", x_mitre_is_subtechnique=True),
    pattern("T0855", "Unauthorized Command Message", "impair-process-control", revoked=True),
    pattern("T0999", "Long gone", "impact", x_mitre_deprecated=True),
    pattern("T0998", "Gone without a trace", "impact", revoked=True),
    pattern(
        "T1003", "Of another matrix", "credential-access", x_mitre_domains=["enterprise-attack"]
    ),
    mitigation("M0930", "Network Segmentation"),
    mitigation("M0999", "Gone", x_mitre_deprecated=True),
    mitigation("T0800", "A mitigation of before they had ids"),
    relation("mitigates", "course-of-action--M0930", "attack-pattern--T0866"),
    relation("mitigates", "course-of-action--M0999", "attack-pattern--T0866"),
    relation("mitigates", "course-of-action--none", "attack-pattern--T0866"),
    relation("revoked-by", "attack-pattern--T0855", "attack-pattern--T1692.001"),
    relation("uses", "malware--1", "attack-pattern--T0866"),
    {"type": "malware", "id": "malware--1"},
]


def bundle(*objects) -> dict:
    return {"type": "bundle", "id": "bundle--1", "objects": list(objects)}
