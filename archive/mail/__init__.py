"""Mails: what they say, and how they leave.

texts      the words, in four languages; never a word of the material or of a search
security   the words about somebody's own account: links, and what was changed
vetting    the words about applications, references and ends of access
queueing   mails that wait for the worker, sealed
delivery   by the mail server that the settings name, else sealed into the home's outbox

A mail says that there is something to read and where to sign in, or brings
a link that works once. What there is to read stays in the archive.
"""

from archive.mail.delivery import Mail, MailFailed, deliver, waiting

__all__ = ["Mail", "MailFailed", "deliver", "waiting"]
