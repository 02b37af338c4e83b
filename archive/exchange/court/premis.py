"""Files and events as PREMIS 3.0 writes them (loc.gov/standards/premis/v3).

One intellectual entity for the record, one file object for each of its originals, one
event for each line of the extract that says when, an agent for each kind of hand.
Words that are PREMIS event types keep that authority; the rest are the archive's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from xml.etree import ElementTree as Xml

from archive.exchange.court.foundation import Told
from archive.ledger.events import PREMIS

NAMESPACE = "http://www.loc.gov/premis/v3"
SCHEMA = "http://www.loc.gov/standards/premis/v3/premis.xsd"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
VOCABULARY = "http://id.loc.gov/vocabulary/preservation/eventType"
AGENTS = {
    "operator": ("Whoever holds the shell and the key of the archive", "person"),
    "person": ("A person whose identity is withheld", "person"),
}
_P = f"{{{NAMESPACE}}}"


def document(
    record: Mapping[str, Any],
    files: Iterable[Mapping[str, Any]],
    lines: Iterable[Told],
    archive_id: str,
) -> bytes:
    """The whole of it, UTF-8, the same bytes for the same facts."""
    Xml.register_namespace("premis", NAMESPACE)
    Xml.register_namespace("xsi", INSTANCE)
    told, held = [line for line in lines if line.at], list(files)
    root = Xml.Element(f"{_P}premis", {"version": "3.0"})
    root.set(f"{{{INSTANCE}}}schemaLocation", f"{NAMESPACE} {SCHEMA}")
    _entity(root, record)
    for file in held:
        _file(root, file, str(record["id"]))
    for line in told:
        _event(root, line, str(record["id"]))
    for agent in sorted({line.by for line in told}):
        _agent(root, agent, archive_id)
    Xml.indent(root, " ")
    written: bytes = Xml.tostring(root, encoding="UTF-8", xml_declaration=True)
    return written + b"\n"


def _entity(root: Xml.Element, record: Mapping[str, Any]) -> None:
    entity = _object(root, "premis:intellectualEntity")
    _identified(entity, "object", "vigil record", str(record["id"]))
    _identified(entity, "object", "URI", str(record["address"]))


def _file(root: Xml.Element, file: Mapping[str, Any], record_id: str) -> None:
    held = _object(root, "premis:file")
    _identified(held, "object", "vigil asset", str(file["id"]))
    facts = _under(held, "objectCharacteristics")
    fixity = _under(facts, "fixity")
    _said(fixity, "messageDigestAlgorithm", "SHA-256")
    _said(fixity, "messageDigest", str(file["sha256"]))
    _said(facts, "size", str(file["size"]))
    designation = _under(_under(facts, "format"), "formatDesignation")
    _said(designation, "formatName", str(file["media_type"]))
    if "filename" in file:
        _said(held, "originalName", str(file["filename"]))
    relation = _under(held, "relationship")
    _said(relation, "relationshipType", "structural")
    _said(relation, "relationshipSubType", "is part of")
    of = _under(relation, "relatedObjectIdentifier")
    _said(of, "relatedObjectIdentifierType", "vigil record")
    _said(of, "relatedObjectIdentifierValue", record_id)


def _event(root: Xml.Element, line: Told, record_id: str) -> None:
    event = _under(root, "event")
    _identified(event, "event", "vigil ledger line", str(line.seq))
    kind = _said(event, "eventType", line.event)
    if line.event in PREMIS:
        kind.set("authority", "eventType")
        kind.set("authorityURI", VOCABULARY)
    _said(event, "eventDateTime", line.at)
    if facts := _facts(line.detail):
        _said(_under(event, "eventDetailInformation"), "eventDetail", facts)
    _linked(event, "Agent", "vigil agent", line.by)
    if line.asset is None:
        _linked(event, "Object", "vigil record", record_id)
    else:
        _linked(event, "Object", "vigil asset", line.asset)


def _agent(root: Xml.Element, agent: str, archive_id: str) -> None:
    made = _under(root, "agent")
    _identified(made, "agent", "vigil agent", agent)
    program = (f"Vigil, the archive {archive_id}: {agent}", "software")
    name, kind = AGENTS.get(agent, program)
    if not agent.startswith("system:") and agent not in AGENTS:
        name, kind = f"The account {agent}", "person"
    _said(made, "agentName", name)
    _said(made, "agentType", kind)


def _facts(detail: Mapping[str, Any]) -> str:
    """The detail in words; the nonce and empty facts say nothing."""
    told = {n: f for n, f in sorted(detail.items()) if n != "nonce" and f}
    return _plain("; ".join(f"{name}: {fact}" for name, fact in told.items()))


def _plain(text: str) -> str:
    """What XML 1.0 can hold of a text; the rest is replaced."""
    return "".join(letter if _is_allowed(ord(letter)) else "�" for letter in text)


def _is_allowed(point: int) -> bool:
    return (
        point in (9, 10, 13)
        or 0x20 <= point <= 0xD7FF
        or 0xE000 <= point <= 0xFFFD
        or 0x10000 <= point <= 0x10FFFF
    )


def _object(root: Xml.Element, kind: str) -> Xml.Element:
    made = _under(root, "object")
    made.set(f"{{{INSTANCE}}}type", kind)
    return made


def _identified(of: Xml.Element, what: str, kind: str, value: str) -> None:
    identifier = _under(of, f"{what}Identifier")
    _said(identifier, f"{what}IdentifierType", kind)
    _said(identifier, f"{what}IdentifierValue", value)


def _linked(event: Xml.Element, what: str, kind: str, value: str) -> None:
    link = _under(event, f"linking{what}Identifier")
    _said(link, f"linking{what}IdentifierType", kind)
    _said(link, f"linking{what}IdentifierValue", value)


def _said(of: Xml.Element, name: str, text: str) -> Xml.Element:
    made = _under(of, name)
    made.text = _plain(text)
    return made


def _under(of: Xml.Element, name: str) -> Xml.Element:
    return Xml.SubElement(of, f"{_P}{name}")
