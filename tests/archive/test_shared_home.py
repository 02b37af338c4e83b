"""A home that two users share, which only an archive with a broker may."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from archive import config
from archive.config import ConfigError
from archive.site import Site, create_home
from tests.archive.conftest import Clock

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that others may pass through; those of pytest are closed."""
    folder = Path(tempfile.mkdtemp(prefix="vb-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def site(place: Path, clock: Clock) -> Iterator[Site]:
    environ = {
        "VIGIL_HOME": str(place / "home"),
        "VIGIL_KEY_FILE": str(place / "keys" / "vigil.key"),
        "VIGIL_SHRED_LIST": str(place / "keys" / "shredded"),
    }
    made = create_home(config.load(environ), clock)
    yield made
    made.close()


def test_a_shared_home_without_a_broker_is_refused(site: Site, place: Path) -> None:
    site.config.home.chmod(0o2770)
    with pytest.raises(ConfigError, match="open to other users"):
        config.check_safe(site.config)
    brokered = replace(site.config, broker=place / "run" / "socket")
    config.check_safe(brokered)
    for mode in (0o2771, 0o770, 0o2775, 0o750):
        site.config.home.chmod(mode)
        with pytest.raises(ConfigError, match="open to other users"):
            config.check_safe(brokered)
