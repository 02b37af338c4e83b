"""Mails of notices: each sent once, and after a crash at most once more.

A notice is claimed before its mail is sent, and marked after. A worker that dies in
between has perhaps sent it, which nobody can know: it is sent again, with the
Message-ID that it had, so that mail programs show it once; after a second death it is
given up, since it went out in all likelihood.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from archive import mail
from archive.mail import Mail, MailFailed
from archive.site import Site
from auth import notices

log = logging.getLogger("vigil.work")


def send(site: Site, letters: Sequence[tuple[str, Mail]], now: datetime) -> int:
    """Send mails, each with the id of its notice, until one fails; return how many."""
    sent = 0
    for notice_id, letter in letters:
        with site.db.write() as s:
            is_claimed = notices.claim_mail(s, notice_id)
        if not is_claimed:
            log.warning("a mail may have gone out twice and is given up: %s", notice_id)
        elif not _delivered(site, notice_id, letter):
            break
        with site.db.write() as s:
            notices.mark_mailed(s, notice_id, now)
        sent += is_claimed
    return sent


def _delivered(site: Site, notice_id: str, letter: Mail) -> bool:
    try:
        mail.deliver(site.config, site.sealing, letter)
    except MailFailed as failure:
        log.warning("the mail server took no mail: %s", failure)
        with site.db.write() as s:
            notices.release_mail(s, notice_id)
        return False
    return True
