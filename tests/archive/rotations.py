"""One key rotated by hand, as a shell would."""

from __future__ import annotations

from typing import Any

from archive.site import Site
from archive.vault.keys import Purpose
from archive.work.rotating import Turning
from auth.viewer import OPERATOR


def rotate_purpose(site: Site, purpose: Purpose, *, keep: bool) -> dict[str, Any]:
    """Turn it, and tell nobody how far it is."""
    return Turning(site, OPERATOR, keep, lambda *_: None).turn(purpose)
