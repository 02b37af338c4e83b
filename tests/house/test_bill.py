"""The bill of materials names all that is installed, and nothing that may not be."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError

import pytest

from tests.house import bill

COMPATIBLE = re.compile(
    r"MIT(-0|-CMU)?( License)?|(0|Two-clause |2-Clause )?BSD( License| license)?"
    r"|0?BSD(-[23]-Clause)?|Apache( Software License|[- ]2\.0| License, Version 2\.0)"
    r"|PSF-2\.0|MPL-2\.0|LGPL-3\.0-(only|or-later)|Zlib|CC0-1\.0|dependency licenses"
)
"""Licences whose works may be a part of one under AGPL-3.0-or-later, as packages write
them: https://www.gnu.org/licenses/license-list.html"""
PACKAGES = bill.locked(bill.LOCK.read_text(encoding="utf-8"))


def parts(said: str) -> list[str]:
    return re.split(r" AND | OR |(?<!License), ", said)


def test_the_bill_is_the_lock_file_with_every_hash():
    """Requirement 106: the locked packages, all of them and no other."""
    run = [sys.executable, "-m", "tests.house.bill"]
    told = json.loads(subprocess.check_output(run, cwd=bill.ROOT))
    assert (told["bomFormat"], told["specVersion"]) == ("CycloneDX", "1.6")
    named = {(each["name"], each["version"]) for each in told["components"]}
    lines = bill.LOCK.read_text(encoding="utf-8").splitlines()
    pins = [line.split(" ")[0].split("==") for line in lines if "==" in line[:50]]
    assert named == {(name, version) for name, version in pins}
    refs = [each["bom-ref"] for each in told["components"]]
    assert len(set(refs)) == len(refs)
    hashes = [pair for each in told["components"] for pair in each["hashes"]]
    assert all(pair["alg"] == "SHA-256" for pair in hashes)
    assert len(hashes) == sum("--hash=sha256:" in line for line in lines)
    assert all(each["hashes"] for each in told["components"])


@pytest.mark.parametrize("name", sorted({each.name for each in PACKAGES}))
def test_every_licence_agrees_with_ours(name):
    said = bill.licence(name)
    assert all(COMPATIBLE.fullmatch(part) for part in parts(said)), said


@pytest.mark.parametrize(
    "said", ["SSPL-1.0", "GPL-2.0-only", "Proprietary", "MIT AND Commercial"]
)
def test_a_licence_that_does_not_agree_is_told(said):
    assert not all(COMPATIBLE.fullmatch(part) for part in parts(said))


def test_a_package_without_a_licence_is_told():
    with pytest.raises(PackageNotFoundError):
        bill.licence("there-is-no-such-package")
