"""Which store of blobs the settings mean: a folder, or a bucket."""

import os
import stat
from datetime import timedelta
from pathlib import Path

from archive.config import BucketAddress, Config
from archive.vault.blobs import BlobStore, FolderStore
from archive.vault.errors import KeyUnavailable
from archive.vault.keys import Secret
from archive.vault.s3 import Bucket, S3Store

_MOST_BYTES = 4096


def open_store(
    config: Config, place: Path | BucketAddress, within: str = ""
) -> BlobStore:
    """Give the store at this place, or in a folder within it; nothing is asked of it.

    :raises KeyUnavailable: the access key of a bucket is missing or unsafe
    """
    if isinstance(place, Path):
        return FolderStore(place / within)
    if config.s3_access_key_id is None or config.s3_access_key_file is None:
        raise KeyUnavailable(
            f"{place} needs an access key: set VIGIL_S3_ACCESS_KEY_ID and "
            "VIGIL_S3_ACCESS_KEY_FILE"
        )
    return S3Store(
        Bucket(
            name=place.name,
            prefix="/".join(part for part in (place.prefix, within) if part),
            endpoint=config.s3_endpoint,
            region=config.s3_region,
            access_key_id=config.s3_access_key_id,
            access_key=_secret(config.s3_access_key_file),
            timeout=timedelta(seconds=config.s3_timeout_seconds),
        )
    )


def is_occupied(config: Config, place: Path | BucketAddress) -> bool:
    """Whether something is there already."""
    if isinstance(place, Path):
        return place.exists() and any(place.iterdir())
    return next(open_store(config, place).stored(), None) is not None


def _secret(path: Path) -> Secret:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise KeyUnavailable(f"{path} cannot be read: {reason}") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_mode & 0o077:
            raise KeyUnavailable(
                f"{path} must be a file that others cannot read: chmod 600 {path}"
            )
        secret = os.read(descriptor, _MOST_BYTES).strip()
    finally:
        os.close(descriptor)
    if not secret or not secret.isascii():
        raise KeyUnavailable(f"{path} does not hold the secret of an access key")
    return Secret(secret)
