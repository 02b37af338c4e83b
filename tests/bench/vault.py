"""The vault: sealed files beside plain ones, each pair in one run.

| measured | beside | goal |
|---|---|---|
| hash and seal 256 MiB, one pass | `cp` | 2.3 |
| the same | `cp`, SHA-256 and the cipher one after another | 1 |
| open 256 MiB | `cp` | 1.5 |
| memory of both, of 1 GiB | the same of 16 MiB | 1.1 |
| first byte in the middle of 4 GiB, warm | a plain file | 1 ms |
| random ranges of 1 MiB from `vigil serve` | nginx on the plain file | 0.45 |
| the same | Flask's `send_file` under the same gunicorn | 10 |
| the same | bare gunicorn with a MiB that lies ready | |
| the same through a broker | without one | |
| deciding on a range, SQLite and PostgreSQL | the same, facts read anew | |
| 512 MiB uploaded, hashed, sealed, looked into, catalogued | Werkzeug's spool, then a
hash, then a seal | 0.5 |
| 100,000 re-wraps | the same rows without a cipher | 10 s |

Files lie in memory where there is room, so that no disk is measured; the archive that
is served lies on disk. All of it takes about six minutes.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench import asking, copying, depositing, recalling, rewrapping
from tests.bench.measuring import Result


def measure() -> Iterator[Result]:
    """All figures."""
    yield from copying.results()
    yield from asking.results()
    yield from recalling.results()
    yield from depositing.results()
    yield from rewrapping.results()
