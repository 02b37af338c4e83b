"""The grammar of OAI-PMH 2.0, as its schema has it: every element, in its order.

`require_fit` takes the bytes of an answer. Each element of the protocol's own namespace
has its children in the order of `CHILDREN`, each as often as is written there; texts
have the form of `TEXTS`. Dublin Core stands in its own namespace.
"""

from __future__ import annotations

import re

from lxml import etree

OAI = "{http://www.openarchives.org/OAI/2.0/}"
OAI_DC = "{http://www.openarchives.org/OAI/2.0/oai_dc/}"
DC = "{http://purl.org/dc/elements/1.1/}"
IDENTIFIER = "{http://www.openarchives.org/OAI/2.0/oai-identifier}"
DATACITE = "{http://datacite.org/schema/kernel-4}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
SCHEMA_LOCATION = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"

HELD = {
    "identifier": None,
    "creators": "creator",
    "titles": "title",
    "publisher": None,
    "publicationYear": None,
    "resourceType": None,
    "subjects": "subject",
    "dates": "date",
    "language": None,
    "alternateIdentifiers": "alternateIdentifier",
    "relatedIdentifiers": "relatedIdentifier",
    "formats": "format",
    "rightsList": "rights",
    "descriptions": "description",
    "geoLocations": "geoLocation",
}
"""DataCite's properties of those that are used, and what each is a list of."""
MANDATORY = set(list(HELD)[:6])
TYPED = {
    "identifier": "identifierType",
    "resourceType": "resourceTypeGeneral",
    "date": "dateType",
    "description": "descriptionType",
    "alternateIdentifier": "alternateIdentifierType",
    "relatedIdentifier": "relatedIdentifierType",
}

VERBS = (
    "Identify|ListMetadataFormats|ListSets|GetRecord|ListIdentifiers|ListRecords|error+"
)
CHILDREN = {
    "OAI-PMH": f"responseDate request ({VERBS})",
    "Identify": "repositoryName baseURL protocolVersion adminEmail+ earliestDatestamp "
    "deletedRecord granularity compression* description*",
    "ListMetadataFormats": "metadataFormat+",
    "metadataFormat": "metadataPrefix schema metadataNamespace",
    "ListSets": "set+ resumptionToken?",
    "set": "setSpec setName setDescription*",
    "GetRecord": "record",
    "ListRecords": "record+ resumptionToken?",
    "ListIdentifiers": "header+ resumptionToken?",
    "record": "header metadata? about*",
    "header": "identifier datestamp setSpec*",
}
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
TEXTS = {
    "responseDate": MOMENT,
    "datestamp": MOMENT,
    "earliestDatestamp": MOMENT,
    "protocolVersion": r"2\.0",
    "adminEmail": r"\S+@(\S+\.)+\S+",
    "deletedRecord": "no|persistent|transient",
    "granularity": "YYYY-MM-DD(Thh:mm:ssZ)?",
    "identifier": r"oai:[^:\s]+:\S+",
    "setSpec": r"([A-Za-z0-9\-_.!~*'()])+(:[A-Za-z0-9\-_.!~*'()]+)*",
    "metadataPrefix": r"[A-Za-z0-9\-_.!~*'()]+",
    "baseURL": r"https?://\S+",
    "request": r"https?://\S+",
    "schema": r"https?://\S+",
    "metadataNamespace": r"https?://\S+",
}
ATTRIBUTES = {
    "request": {
        "verb",
        "identifier",
        "metadataPrefix",
        "from",
        "until",
        "set",
        "resumptionToken",
    },
    "header": {"status"},
    "error": {"code"},
    "resumptionToken": {"expirationDate", "completeListSize", "cursor"},
    "OAI-PMH": {SCHEMA_LOCATION},
}
CODES = {
    "cannotDisseminateFormat",
    "idDoesNotExist",
    "badArgument",
    "badVerb",
    "noMetadataFormats",
    "noRecordsMatch",
    "badResumptionToken",
    "noSetHierarchy",
}
ELEMENTS = {
    "title",
    "creator",
    "subject",
    "description",
    "publisher",
    "contributor",
    "date",
    "type",
    "format",
    "identifier",
    "source",
    "language",
    "relation",
    "coverage",
    "rights",
}


def require_fit(body: bytes) -> etree._Element:
    """The answer as a tree, having been found as the schema asks for it."""
    assert body.startswith(b"<?xml version='1.0' encoding='UTF-8'?>")
    safe = etree.XMLParser(resolve_entities=False, no_network=True)
    root = etree.fromstring(body, safe)
    assert root.tag == f"{OAI}OAI-PMH"
    where = f"{OAI[1:-1]} http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd"
    assert root.get(SCHEMA_LOCATION) == where
    _require(root)
    return root


def _require(node: etree._Element) -> None:
    name = node.tag.removeprefix(OAI)
    if name in ("metadata", "setDescription", "description"):
        (only,) = node
        return FOREIGN[only.tag](only)
    assert node.tag.startswith(OAI), node.tag
    assert set(node.attrib) <= ATTRIBUTES.get(name, set()), (name, node.attrib)
    if name in CHILDREN:
        _require_children(name, node)
    else:
        assert len(node) == 0, name
        assert re.fullmatch(TEXTS.get(name, r"[\s\S]*"), node.text or ""), node.text
    if name == "header":
        assert node.get("status") in (None, "deleted")
    if name == "record":
        ended = node[0].get("status") == "deleted"
        assert (len(node) == 1) == ended
    if name == "error":
        assert node.get("code") in CODES
    if name == "resumptionToken":
        assert node.get("expirationDate") is None or node.text
    return None


def _require_children(name: str, node: etree._Element) -> None:
    found = "".join(f"<{each.tag.removeprefix(OAI)}>" for each in node)
    pattern = re.sub(r"[A-Za-z-]+", lambda word: f"(?:<{word[0]}>)", CHILDREN[name])
    assert re.fullmatch(pattern.replace(" ", ""), found), (name, found)
    for each in node:
        _require(each)


def _require_dublin_core(root: etree._Element) -> None:
    assert root.tag == f"{OAI_DC}dc"
    space, _blank, schema = root.get(SCHEMA_LOCATION).partition(" ")
    assert (space, schema) == (
        OAI_DC[1:-1],
        "http://www.openarchives.org/OAI/2.0/oai_dc.xsd",
    )
    for each in root:
        assert each.tag.removeprefix(DC) in ELEMENTS, each.tag
        assert set(each.attrib) <= {LANG}
        assert len(each) == 0
        assert each.text.strip()


def _require_identifier(root: etree._Element) -> None:
    assert root.tag == f"{IDENTIFIER}oai-identifier"
    assert [each.tag.removeprefix(IDENTIFIER) for each in root] == [
        "scheme",
        "repositoryIdentifier",
        "delimiter",
        "sampleIdentifier",
    ]
    assert re.fullmatch(
        r"oai:[a-zA-Z][a-zA-Z0-9\-]*(\.[a-zA-Z][a-zA-Z0-9\-]+)+:\S+", root[3].text
    )


def _require_datacite(root: etree._Element) -> None:
    assert root.tag == f"{DATACITE}resource"
    found = [each.tag.removeprefix(DATACITE) for each in root]
    assert len(found) == len(set(found)), found
    assert MANDATORY <= set(found) <= set(HELD)
    for each, name in zip(root, found, strict=True):
        held = HELD[name]
        if held is None:
            assert each.text.strip()
            assert len(each) == 0
        else:
            assert {part.tag for part in each} == {f"{DATACITE}{held}"}
    for each in root.iter():
        name = each.tag.removeprefix(DATACITE)
        assert name not in TYPED or each.get(TYPED[name]), name
    years = root.findtext(f"{DATACITE}publicationYear")
    assert re.fullmatch(r"[\d]{4}", years), years


FOREIGN = {
    f"{OAI_DC}dc": _require_dublin_core,
    f"{DATACITE}resource": _require_datacite,
    f"{IDENTIFIER}oai-identifier": _require_identifier,
}
"""What may stand within an answer in a namespace of its own."""
