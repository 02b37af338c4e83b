"""The six verbs: what each is answered with, for anybody and so for everybody alike.

Which records there are is asked of the same scope as the visitor's lists; the book of
offers tells since when, and what is told as deleted because it was offered once. What
never was is not there, whatever its id.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from urllib.parse import urlsplit
from xml.etree import ElementTree as Xml

from sqlalchemy.orm import Session

from archive import offers
from archive.exchange.harvest import dublincore, notices
from archive.exchange.harvest.formats import FORMATS
from archive.exchange.harvest.notices import Notice
from archive.exchange.harvest.xmltext import INSTANCE, element, stamp, within
from archive.mail.delivery import own_address
from archive.offers import Offer, Span
from archive.records.citation import ARCHIVE
from archive.web.oai import asked as asking
from archive.web.oai import tokens
from archive.web.oai.asked import RESUMED_BY, Asked, WrongError
from archive.web.oai.tokens import Place
from archive.web.request import context

PATH = "/oai"
RECORDS, HEADERS = 100, 500
"""How many records, and how many headers, one answer holds."""
IDENTIFIER = "http://www.openarchives.org/OAI/2.0/oai-identifier"
_DOMAIN = re.compile(r"[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+", re.IGNORECASE)


def base_url() -> str:
    """The address that this is asked at, as the archive names itself."""
    return context.site().config.base_url + PATH


def answer(s: Session, asked: Asked) -> Xml.Element:
    """The one element that answers the verb.

    :raises WrongError: the protocol's own reason why not
    """
    if asked.verb == "Identify":
        return _identify(s)
    if asked.verb == "ListMetadataFormats":
        return _formats(s, asked)
    if asked.verb == "ListSets":
        return _sets(s, asked)
    if asked.verb == "GetRecord":
        return _record(s, asked)
    return _listing(s, asked)


def _identify(s: Session) -> Xml.Element:
    config, host = context.site().config, _host()
    said = [
        element("repositoryName", ARCHIVE),
        element("baseURL", base_url()),
        element("protocolVersion", "2.0"),
        element("adminEmail", own_address(config)),
        element("earliestDatestamp", stamp(offers.earliest(s) or context.now())),
        element("deletedRecord", "persistent"),
        element("granularity", "YYYY-MM-DDThh:mm:ssZ"),
    ]
    if _DOMAIN.fullmatch(host):
        said.append(within("description", _scheme(host)))
    return within("Identify", *said)


def _scheme(host: str) -> Xml.Element:
    """How identifiers are made; only a name of a host can be part of such."""
    made = within(
        "oai-identifier",
        element("scheme", "oai"),
        element("repositoryIdentifier", host),
        element("delimiter", ":"),
        element("sampleIdentifier", f"oai:{host}:0123456789ab"),
    )
    made.set("xmlns", IDENTIFIER)
    made.set("xmlns:xsi", INSTANCE)
    made.set("xsi:schemaLocation", f"{IDENTIFIER} {IDENTIFIER}.xsd")
    return made


def _formats(s: Session, asked: Asked) -> Xml.Element:
    if (identifier := asked.get("identifier")) is not None:
        _offer(s, identifier)
    return within(
        "ListMetadataFormats",
        *(
            within(
                "metadataFormat",
                element("metadataPrefix", prefix),
                element("schema", form.schema),
                element("metadataNamespace", form.namespace),
            )
            for prefix, form in FORMATS.items()
        ),
    )


def _sets(s: Session, asked: Asked) -> Xml.Element:
    if asked.get(RESUMED_BY) is not None:
        raise WrongError("badResumptionToken", "The list of sets is given whole.")
    found = notices.shelves(context.site(), s)
    if not found:
        raise WrongError("noSetHierarchy", "There are no collections here.")
    return within(
        "ListSets",
        *(
            within(
                "set",
                element("setSpec", shelf.slug),
                element("setName", _name(shelf.titles)),
                within(
                    "setDescription", dublincore.of_texts(shelf.titles, dict(row.texts))
                ),
            )
            for row, shelf in found
        ),
    )


def _record(s: Session, asked: Asked) -> Xml.Element:
    prefix = asking.prefix_of(asked)
    offer = _offer(s, asked.get("identifier") or "")
    _require_format(prefix)
    found = notices.of_many(context.site(), s, [offer.record_id], context.now())
    return within("GetRecord", _told(offer, found, prefix))


def _listing(s: Session, asked: Asked) -> Xml.Element:
    place = _place(s, asked)
    wanted = place.wanted
    span = Span(wanted.since, wanted.until, wanted.shelf)
    size = RECORDS if asked.verb == "ListRecords" else HEADERS
    behind = (place.moment, place.record_id) if place.record_id else None
    rows = offers.page(s, span, behind, size + 1)
    if not rows:
        raise WrongError("noRecordsMatch", "Nothing is there of that time and set.")
    shown, has_more = rows[:size], len(rows) > size
    ids = [row.record_id for row in shown]
    if asked.verb == "ListRecords":
        found = notices.of_many(context.site(), s, ids, context.now())
        content = [_told(row, found, wanted.prefix) for row in shown]
    else:
        known = notices.known(s, ids, context.now())
        content = [_header(row, known) for row in shown]
    if has_more or place.record_id:
        content.append(_resumption(place, shown, has_more=has_more))
    return within(asked.verb, *content)


def _place(s: Session, asked: Asked) -> Place:
    """Where the list begins: at its first, or where a token says."""
    token = asked.get(RESUMED_BY)
    if token is not None:
        key = context.site().web_key
        return tokens.read(key, token, asked.verb, context.now())
    wanted = asking.selection(asked)
    _require_format(wanted.prefix)
    if wanted.shelf is not None and not notices.shelves(context.site(), s):
        raise WrongError("noSetHierarchy", "There are no collections here.")
    total = offers.count(s, Span(wanted.since, wanted.until, wanted.shelf))
    return Place(asked.verb, wanted, context.now(), "", 0, total)


def _resumption(place: Place, shown: Sequence[Offer], *, has_more: bool) -> Xml.Element:
    """Where to go on; of the last part it is empty."""
    told = {"cursor": str(place.told)}
    reached = place.told + len(shown)
    # What changed meanwhile is told once more: then there were more than at first.
    told["completeListSize"] = str(max(place.total, reached + has_more))
    if not has_more:
        return element(RESUMED_BY, "", **told)
    last, now = shown[-1], context.now()
    at = Place(
        place.verb, place.wanted, last.changed_at, last.record_id, reached, place.total
    )
    told["expirationDate"] = stamp(now + tokens.LIFETIME)
    return element(RESUMED_BY, tokens.write(context.site().web_key, at, now), **told)


def _offer(s: Session, identifier: str) -> Offer:
    """:raises WrongError: idDoesNotExist: nobody was ever offered such a thing"""
    start = f"oai:{_host()}:"
    record_id = identifier.removeprefix(start)
    found = offers.get(s, record_id) if identifier.startswith(start) else None
    if found is None:
        raise WrongError("idDoesNotExist", "There is no such record here.")
    return found


def _told(row: Offer, found: Mapping[str, Notice], prefix: str) -> Xml.Element:
    header = _header(row, found)
    if header.get("status"):
        return within("record", header)
    written = FORMATS[prefix].write(found[row.record_id])
    return within("record", header, within("metadata", written))


def _header(row: Offer, found: Container[str]) -> Xml.Element:
    """Deleted where either knows of an end: the book, or the record as it is now."""
    ended = row.digest is None or row.record_id not in found
    said = [
        element("identifier", f"oai:{_host()}:{row.record_id}"),
        element("datestamp", stamp(row.changed_at)),
    ]
    if row.shelf is not None:
        said.append(element("setSpec", row.shelf))
    status = {"status": "deleted"} if ended else {}
    return within("header", *said, **status)


def _require_format(prefix: str) -> None:
    if prefix not in FORMATS:
        known = ", ".join(FORMATS)
        why = f"Records are given as {known}."
        raise WrongError("cannotDisseminateFormat", why)


def _name(titles: Mapping[str, str]) -> str:
    """One name of a collection, in the first language it has."""
    return next(_in_order(titles), "")


def _in_order(titles: Mapping[str, str]) -> Iterator[str]:
    yield from (titles[lang] for lang in notices.NEUTRAL if titles.get(lang))
    yield from titles.values()


def _host() -> str:
    return urlsplit(context.site().config.base_url).hostname or ""
