"""`vigil mail`: what an archive without a mail server would have sent."""

from __future__ import annotations

from dataclasses import asdict

import click

from archive import mail as posting
from archive.cli import output
from archive.cli.opening import opened
from archive.mail import Mail


@click.group()
def mail() -> None:
    """Mails that wait in the outbox, where no mail server is set."""


@mail.command("list")
@output.json_option
def listing(
    as_json: bool,  # noqa: FBT001 - click hands it over as a flag
) -> None:
    """Show the mails of the last 30 days in the outbox. Example: vigil mail list"""
    with output.failing_as_json(as_json), opened() as site:
        mails = list(posting.waiting(site.config, site.sealing))
        answer = {"mails": [asdict(each) for each in mails]}
        output.answer(answer, as_json, lambda: _lines(mails))


def _lines(mails: list[Mail]) -> str:
    if not mails:
        return "The outbox is empty."
    return "\n\n".join(
        f"To: {each.to}\nDate: {each.sent_at}\nSubject: {each.subject}\n\n{each.text}"
        for each in mails
    )
