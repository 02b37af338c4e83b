"""How a mail leaves: by a mail server, or sealed into the home's outbox.

    smtp://user:password@mail.example.org:587     STARTTLS, always but on loopback
    smtps://user:password@mail.example.org:465    TLS from the first byte
    …?from=archive@example.org                    the sender; else vigil@ this archive

A mail in the outbox is a file that opens under the archive's keys only: whom it is for
is nobody's to read on the disk.
"""

from __future__ import annotations

import hashlib
import json
import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr
from urllib.parse import parse_qs, unquote, urlsplit

from archive.config import Config, is_loopback
from archive.vault.files import make_private_folder, write_new
from auth.identifiers import new_id
from auth.sealing import Sealing

ENDING = ".mail"
SECONDS = 20
PORTS = {"smtp": 587, "smtps": 465}


class MailFailed(Exception):
    """The mail server did not take it; it can be tried again."""


@dataclass(frozen=True)
class Mail:
    """One mail; `sent_at` is when it was made, in ISO 8601 with its zone.

    `key` names what it tells of. A mail that is sent again, since nobody knows whether
    it went out, has the same key and so the same Message-ID: mail programs show one.
    """

    to: str
    subject: str
    text: str
    sent_at: str
    key: str = ""


def deliver(config: Config, sealing: Sealing, mail: Mail) -> None:
    """Hand a mail to the mail server, or seal it into the outbox where none is set.

    :raises MailFailed: the server is away or refuses it
    """
    if config.smtp_url is None:
        _keep(config, sealing, mail)
        return
    try:
        _send(config.smtp_url, _message(config, mail))
    except (smtplib.SMTPException, OSError) as error:
        # The server's answer may repeat the address: only its kind is told.
        raise MailFailed(type(error).__name__) from None


def own_address(config: Config) -> str:
    """The address that the archive's mails come from, and can be written to."""
    _name, address = parseaddr(_sender(config))
    return address


def waiting(config: Config, sealing: Sealing) -> Iterator[Mail]:
    """The mails in the outbox, oldest first."""
    found = sorted(config.outbox.glob(f"*{ENDING}")) if config.outbox.is_dir() else []
    for path in found:
        opened = json.loads(sealing.open(path.read_bytes(), _context(path.stem)))
        yield Mail(**opened)


def forget_before(config: Config, stamp: str) -> None:
    """Remove from the outbox what is older; `stamp` is UTC, `YYYYMMDDhhmmss`."""
    for path in config.outbox.glob(f"*{ENDING}"):
        if path.name < stamp:
            path.unlink(missing_ok=True)


def _keep(config: Config, sealing: Sealing, mail: Mail) -> None:
    make_private_folder(config.outbox)
    digits = "".join(c for c in mail.sent_at[:19] if c.isdigit())
    own = _digest(mail.key) if mail.key else new_id()
    if any(config.outbox.glob(f"*-{own}{ENDING}")):
        return  # kept before the worker died
    name = f"{digits}-{own}"
    told = json.dumps(asdict(mail)).encode()
    sealed = sealing.seal(told, _context(name))
    write_new(config.outbox / f"{name}{ENDING}", sealed)


def _message(config: Config, mail: Mail) -> EmailMessage:
    host = urlsplit(config.base_url).hostname or "localhost"
    message = EmailMessage()
    message["From"] = _sender(config)
    message["To"] = mail.to
    message["Subject"] = mail.subject
    message["Date"] = _date(mail)
    message["Message-ID"] = _message_id(mail, host)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    return message


def _sender(config: Config) -> str:
    parts = urlsplit(config.smtp_url or "")
    host = urlsplit(config.base_url).hostname or "localhost"
    return parse_qs(parts.query).get("from", [f"vigil@{host}"])[0]


def _send(url: str, message: EmailMessage) -> None:
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or PORTS[parts.scheme]
    tls = ssl.create_default_context()
    with (
        smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=tls)
        if parts.scheme == "smtps"
        else smtplib.SMTP(host, port, timeout=SECONDS)
    ) as server:
        if parts.scheme == "smtp" and not is_loopback(host):
            server.starttls(context=tls)
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(message)


def _message_id(mail: Mail, host: str) -> str:
    return f"<{_digest(mail.key)}@{host}>" if mail.key else make_msgid(domain=host)


def _digest(key: str) -> str:
    """The key as others may see it, in 32 letters."""
    return hashlib.sha256(b"vigil.mail/v1\0" + key.encode()).hexdigest()[:32]


def _date(mail: Mail) -> str:
    return format_datetime(datetime.fromisoformat(mail.sent_at))


def _context(name: str) -> str:
    return f"outbox/v1:{name}"
