"""Every string of the interface is said in each language, whole and once.

What the sources say is gathered as `make messages` gathers it, and compared with each
catalogue. Whoever adds a string adds its translations: at the end of each
`archive/web/translations/<language>/LC_MESSAGES/messages.po`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from archive.web.request import i18n

ROOT = Path(__file__).parents[2]
MAPPING = i18n.CATALOGUES / "babel.cfg"
TRANSLATED = [code for code in i18n.LANGUAGES if code != i18n.DEFAULT]
GAP = re.compile(r"%\(\w+\)[sd]|%%")
ENTRY = re.compile(r"(?:^#[^\n]*\n)*^msgid (?:.+\n)+", re.MULTILINE)

Said = Mapping[str, str]
"""What the sources say: each string (of a plural the singular), and where it is."""


@cache
def said() -> Said:
    """Everything that the sources say."""
    with MAPPING.open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found: dict[str, str] = {}
    for name, line, message, _notes, _context in extract_from_dir(
        ROOT, methods, options, directory_filter=_is_ours
    ):
        text = message if isinstance(message, str) else message[0]
        found.setdefault(text, f"{name}:{line}")
    return found


def _is_ours(folder: str) -> bool:
    name = Path(folder).name
    return not name.startswith(".") and name not in ("tests", "node_modules")


def faults(text: str, language: str, strings: Said) -> list[str]:
    """What a catalogue lacks or has too much, a sentence each."""
    catalogue = read_po(BytesIO(text.encode()), locale=language)
    entries = {_key(message): message for message in catalogue if message.id}
    return [
        *_missing(entries, strings),
        *(f"not used anywhere: {_short(key)}" for key in entries if key not in strings),
        *(f"kept though out of use: {_short(key)}" for key in catalogue.obsolete),
        *(
            f"a plural form too many: {each}"
            for each in re.findall(r"^msgstr\[(\d+)\]", text, re.MULTILINE)
            if int(each) >= catalogue.num_plurals
        ),
        *(f"stands twice: {_short(key)}" for key in _twice(text)),
        *_ill_formed(entries, catalogue),
    ]


def _missing(entries: Mapping[str, Message], strings: Said) -> Iterator[str]:
    for key, place in strings.items():
        message = entries.get(key)
        if message is None or not all(_forms(message)):
            yield f"no translation: {_short(key)} ({place})"


def _ill_formed(entries: Mapping[str, Message], catalogue: Catalog) -> Iterator[str]:
    for key, message in entries.items():
        if message.fuzzy:
            yield f"marked as a guess (fuzzy): {_short(key)}"
        source = message.id if isinstance(message.id, str) else message.id[-1]
        wanted = sorted(set(GAP.findall(source)))
        for form in _forms(message):
            if form and sorted(set(GAP.findall(form))) != wanted:
                yield f"other gaps than {wanted}: {_short(form)}"
        if message.pluralizable and len(_forms(message)) != catalogue.num_plurals:
            yield f"not {catalogue.num_plurals} forms: {_short(key)}"


def _forms(message: Message) -> tuple[str, ...]:
    text = message.string
    return (text,) if isinstance(text, str) else tuple(text)


def _key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _twice(text: str) -> list[str]:
    """Of two entries the reader keeps the first, and the second is lost on it."""
    seen: set[str] = set()
    double = []
    for entry in ENTRY.findall(text):
        source = re.split(r"^msg(?:id_plural|str)", entry, flags=re.MULTILINE)[0]
        key = "".join(re.findall(r'"(.*)"', source)).replace('\\"', '"')
        double += [key] if key in seen else []
        seen.add(key)
    return double


def _short(text: object) -> str:
    return repr(str(text)[:90])


def text_of(language: str) -> str:
    source = i18n.CATALOGUES / language / "LC_MESSAGES" / "messages.po"
    return source.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_string_is_translated_and_no_other(language: str) -> None:
    found = faults(text_of(language), language, said())
    named = "\n".join(found)
    assert not found, (
        f"{len(found)} in archive/web/translations/{language}:\n{named}\n"
        "Whoever adds a string adds its translations, at the end of each messages.po."
    )


def test_the_sources_are_read() -> None:
    strings = said()
    places = {place.split(":")[0] for place in strings.values()}
    assert len(strings) > 1_500
    assert {"Search", "Publish", "There is no such account."} <= strings.keys()
    assert "archive/web/request/sentences.py" in places
    assert "archive/web/templates/base.html" in places
    assert not any(place.startswith("tests/") for place in places)


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_new_string_of_a_page_is_named_in_each_language(language: str) -> None:
    more = {**said(), "A button nobody has translated": "archive/web/new.html:7"}
    found = faults(text_of(language), language, more)
    assert (
        "no translation: 'A button nobody has translated' (archive/web/new.html:7)"
        in (found)
    )


HEAD = (
    'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    '"Plural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && '
    'n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);\\n"\n\n'
)
FILE = (
    'msgid "%(num)d file"\nmsgid_plural "%(num)d files"\nmsgstr[0] "%(num)d файл"\n'
    'msgstr[1] "%(num)d файла"\nmsgstr[2] "%(num)d файлов"\n'
)
BACK = 'msgid "Back"\nmsgstr "Назад"\n'
STRINGS = {"%(num)d file": "a.html:1", "Back": "a.html:2"}


@pytest.mark.parametrize(
    ("entries", "fault"),
    [
        (FILE, "no translation: 'Back' (a.html:2)"),
        (f'{FILE}\nmsgid "Back"\nmsgstr ""\n', "no translation: 'Back' (a.html:2)"),
        (
            f"{FILE.replace('файлов', '')}\n{BACK}".replace('[2] "%(num)d "', '[2] ""'),
            "no translation: '%(num)d file' (a.html:1)",
        ),
        (f"{FILE}\n#, fuzzy\n{BACK}", "marked as a guess (fuzzy): 'Back'"),
        (
            f"{FILE.replace('%(num)d файла', '%(n)d файла')}\n{BACK}",
            "other gaps than ['%(num)d']: '%(n)d файла'",
        ),
        (f'{FILE}\n{BACK}\nmsgid "Old"\nmsgstr "С"\n', "not used anywhere: 'Old'"),
        (
            f'{FILE}\n{BACK}\n#~ msgid "Old"\n#~ msgstr "С"\n',
            "kept though out of use: 'Old'",
        ),
        (f"{BACK}\n{FILE}\n{BACK}", "stands twice: 'Back'"),
        (
            f'{FILE}\n{BACK}\nmsgid ""\n"Back"\nmsgstr "Снова"\n',
            "stands twice: 'Back'",
        ),
    ],
)
def test_each_fault_is_found_and_named(entries: str, fault: str) -> None:
    assert faults(f"{HEAD}{FILE}\n{BACK}", "ru", STRINGS) == []
    assert faults(f"{HEAD}{entries}", "ru", STRINGS) == [fault]


@pytest.mark.parametrize(("language", "forms"), [("hy", 1), ("az", 2), ("ru", 3)])
def test_a_catalogue_has_the_plural_forms_of_its_language(
    language: str, forms: int
) -> None:
    """Armenian nouns stay in the singular after a number: one form says it all."""
    catalogue = read_po(BytesIO(text_of(language).encode()), locale=language)
    assert catalogue.num_plurals == forms
