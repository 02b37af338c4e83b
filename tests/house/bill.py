"""The bill of materials of a release: CycloneDX 1.6, from the lock file alone.

Every package that `requirements.lock` may install, on any system, is a component with
its version and the SHA-256 of each file that the lock lets in. Licences are what the
installed packages say of themselves.

Standard: ECMA-424, CycloneDX 1.6, https://cyclonedx.org/docs/1.6/json/
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements.lock"
LOCKED = re.compile(r"^(?P<name>[a-z0-9.-]+)==(?P<version>[^ \\]+)")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
LONGEST_NAME = 60
"""Some packages put a whole licence where its name belongs."""
SAID_ELSEWHERE = {
    "colorama": "BSD-3-Clause",
    "sqlcipher3": "Zlib",
    "tzdata": "Apache-2.0",
}
"""Licences of packages that only Windows installs, or that name none."""


@dataclass(frozen=True)
class Package:
    """One line of the lock file."""

    name: str
    version: str
    hashes: list[str] = field(default_factory=list)


def locked(text: str) -> list[Package]:
    """The packages of a lock file; one may be there in two versions."""
    packages: list[Package] = []
    for line in text.splitlines():
        if found := LOCKED.match(line):
            packages.append(Package(found["name"], found["version"]))
        packages[-1].hashes.extend(HASH.findall(line))
    return packages


def licence(name: str) -> str:
    """What a package says of its licence, in a line.

    :raises PackageNotFoundError: it is not installed
    :raises LookupError: it says nothing, or nothing as short as a name
    """
    if name in SAID_ELSEWHERE:
        return SAID_ELSEWHERE[name]
    told = metadata.metadata(name)
    classes = told.get_all("Classifier") or []
    said = [
        told.get("License-Expression"),
        told.get("License"),
        *(each.split(" :: ")[-1] for each in classes if each.startswith("License")),
    ]
    for each in said:
        if each and len(each) <= LONGEST_NAME:
            return each
    raise LookupError(f"{name} does not say which licence it is under")


def bill(packages: list[Package]) -> dict[str, Any]:
    """The document; the same packages give the same bytes."""
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": "vigil",
                "name": "vigil",
                "version": metadata.version("vigil"),
                "licenses": [{"expression": "AGPL-3.0-or-later"}],
            }
        },
        "components": [_component(each) for each in packages],
    }


def _component(package: Package) -> dict[str, Any]:
    purl = f"pkg:pypi/{package.name}@{package.version}"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": package.name,
        "version": package.version,
        "purl": purl,
        "licenses": [{"license": {"name": licence(package.name)}}],
        "hashes": [{"alg": "SHA-256", "content": each} for each in package.hashes],
    }


if __name__ == "__main__":
    json.dump(bill(locked(LOCK.read_text(encoding="utf-8"))), sys.stdout, indent=1)
