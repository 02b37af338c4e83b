"""The families of labels as they are headed wherever the vocabulary is shown."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

GROUPS: dict[str, Any] = {
    "kill": _("Killing"),
    "dead": _("The dead"),
    "harm": _("Harm to a person"),
    "captive": _("Captivity"),
    "property": _("Property and heritage"),
    "hostilities": _("The conduct of hostilities"),
    "context": _("What surrounds it"),
    "id": _("Somebody can be identified"),
    "sense": _("Hard on the senses"),
    "phase": _("When in the act"),
    "made": _("Who made it"),
    "stance": _("What officials said"),
    "edit": _("What was done to it"),
}
