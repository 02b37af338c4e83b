"""How to cite a record: a sentence, BibTeX, RIS, CSL-JSON.

What is cited comes in as `Cited`, with the title that the reader may know: the neutral
one where the true one is guarded. The address is the record's own and survives a
withdrawal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

ARCHIVE = "Vigil"
_TEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


@dataclass(frozen=True)
class Cited:
    """What a citation says; `event_date` as written, `read_on` the day of reading."""

    record_id: str
    title: str
    address: str
    language: str
    published: date | None
    read_on: date
    event_date: str = ""
    archive: str = ARCHIVE

    @property
    def year(self) -> str:
        return str(self.published.year) if self.published else "n.d."


def sentence(cited: Cited) -> str:
    """One sentence for a footnote."""
    event = f" ({cited.event_date})" if cited.event_date else ""
    title = " ".join(cited.title.split()).rstrip(".")
    return (
        f"“{title}”{event}. {cited.archive}, record {cited.record_id}, {cited.year}. "
        f"{cited.address} (accessed {cited.read_on.isoformat()})."
    )


def bibtex(cited: Cited) -> str:
    """An entry for BibTeX; letters that mean something to TeX are escaped."""
    fields = {
        "title": "{" + _tex(cited.title) + "}",
        "howpublished": _tex(f"{cited.archive}, record {cited.record_id}"),
        "year": cited.year if cited.published else "",
        "url": cited.address,
        "urldate": cited.read_on.isoformat(),
        "note": _tex(f"Event date: {cited.event_date}") if cited.event_date else "",
        "langid": cited.language,
    }
    lines = [f"  {name} = {{{text}}}," for name, text in fields.items() if text]
    return "\n".join([f"@misc{{vigil-{cited.record_id},", *lines, "}", ""])


def ris(cited: Cited) -> str:
    """An entry for reference managers; one line for each field."""
    fields = [
        ("TY", "GEN"),
        ("ID", f"vigil-{cited.record_id}"),
        ("TI", cited.title),
        ("PB", cited.archive),
        ("AN", cited.record_id),
        ("PY", cited.year if cited.published else ""),
        ("DA", cited.published.strftime("%Y/%m/%d/") if cited.published else ""),
        ("N1", f"Event date: {cited.event_date}" if cited.event_date else ""),
        ("LA", cited.language),
        ("UR", cited.address),
        ("Y2", cited.read_on.strftime("%Y/%m/%d")),
        ("ER", ""),
    ]
    kept = [(tag, text) for tag, text in fields if text or tag == "ER"]
    return "".join(f"{tag}  - {_one_line(text)}\r\n" for tag, text in kept)


def csl_json(cited: Cited) -> str:
    """A CSL-JSON list with one item."""
    return json.dumps([csl_item(cited)], ensure_ascii=False, indent=2) + "\n"


def csl_item(cited: Cited) -> dict[str, object]:
    """An item of a CSL-JSON list."""
    item: dict[str, object] = {
        "id": f"vigil-{cited.record_id}",
        "type": "document",
        "title": cited.title,
        "publisher": cited.archive,
        "archive": cited.archive,
        "archive_location": cited.record_id,
        "language": cited.language,
        "URL": cited.address,
        "accessed": _csl_date(cited.read_on),
    }
    if cited.published:
        item["issued"] = _csl_date(cited.published)
    if cited.event_date:
        item["event-date"] = {"raw": cited.event_date}
    return item


FORMS: Mapping[str, tuple[str, str, Callable[[Cited], str]]] = {
    "bibtex": ("BibTeX", "application/x-bibtex", bibtex),
    "ris": ("RIS", "application/x-research-info-systems", ris),
    "csl": ("CSL-JSON", "application/vnd.citationstyles.csl+json", csl_json),
}
"""Name of a form → what it is called, its media type, how it is made."""


def _tex(text: str) -> str:
    return "".join(_TEX.get(letter, letter) for letter in _one_line(text))


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _csl_date(day: date) -> dict[str, object]:
    return {"date-parts": [[day.year, day.month, day.day]]}
