"""Mails: what they say, and how they leave.

texts      the words, in four languages; never a word of the material or of a search
security   the words about somebody's own account: links, and what was changed
queueing   mails that wait for the worker, sealed
delivery   by the mail server that the settings name, else sealed into the home's outbox

A mail says that there is something to read, how much, and where to sign in. What it is
stays in the archive.
"""

from archive.mail.delivery import Mail, MailFailed, deliver, waiting

__all__ = ["Mail", "MailFailed", "deliver", "waiting"]
