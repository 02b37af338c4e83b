"""How somebody hears of new matches of a saved search, in words."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

from archive.searches.tables import Alert, Pace

ALERTS: dict[Alert, Any] = {
    Alert.NEVER: _("no alert"),
    Alert.PAGE: _("a notice in my account"),
    Alert.MAIL: _("a notice and a mail"),
}
PACES: dict[Pace, Any] = {
    Pace.HOURLY: _("every hour at most"),
    Pace.DAILY: _("once a day at most"),
    Pace.WEEKLY: _("once a week at most"),
}
