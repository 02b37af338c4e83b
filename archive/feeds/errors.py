"""Why a feed is not listened to; each message is the one sentence that people read."""

from __future__ import annotations


class FeedError(Exception):
    """A subscription cannot be made, found or ended, or a label not be dismissed."""

    code = "feed"


class FeedAway(FeedError):
    """The other archive did not answer, or not in time."""

    code = "feed_away"


class FeedRefused(FeedError):
    """What it answered is not believed; nothing of it was kept."""

    code = "feed_refused"
