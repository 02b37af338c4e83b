"""Signed labels of files, without the files: offered to others, and taken from them.

tables         what was offered; whom the archive listens to; what they say
entries        one label as it is signed, and a page of them
reading        a page from elsewhere, believed or refused
publishing     keeps what is offered in step with what anybody may know
subscriptions  whom the archive listens to, from when, by which key
adopting       what others say of one's own files becomes labels of these
fetching       asks the others, and keeps what they answer

A foreign label makes stricter and never milder: it is inherited as from a twin, and
goes when the other archive takes it back. docs/formats/label-feed-v1.md has the form.
"""

from archive.feeds.adopting import (
    REASON_LIMIT,
    Standing,
    dismiss,
    settle,
    settle_record,
    standing,
)
from archive.feeds.errors import FeedAway, FeedError, FeedRefused
from archive.feeds.fetching import Fetched, fetch, fetch_all, lapse
from archive.feeds.publishing import page, refresh
from archive.feeds.subscriptions import Listed, find, listing, subscribe, unsubscribe

__all__ = [
    "REASON_LIMIT",
    "FeedAway",
    "FeedError",
    "FeedRefused",
    "Fetched",
    "Listed",
    "Standing",
    "dismiss",
    "fetch",
    "fetch_all",
    "find",
    "lapse",
    "listing",
    "page",
    "refresh",
    "settle",
    "settle_record",
    "standing",
    "subscribe",
    "unsubscribe",
]
