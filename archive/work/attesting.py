"""The daily checkpoint of the ledger: signed, kept elsewhere, stamped.

Each step stands by itself: where the folder or the authority is away, the checkpoint
is there all the same, the job fails with that sentence, and the next one goes on.
"""

from __future__ import annotations

from archive.ledger.actors import actor_of
from archive.witness import WitnessError, attestation
from archive.work.deriving import WORKER
from archive.work.task import Hopeless, Task


def attest(task: Task) -> None:
    """Make a checkpoint, and have it witnessed as the settings say.

    :raises Hopeless: it is made, but could not be kept or stamped elsewhere
    """
    site = task.site
    row = attestation.sign(site, actor=actor_of(WORKER), now=site.clock())
    try:
        attestation.bear_out(site)
    except WitnessError as error:
        raise Hopeless(str(error)) from error
    with site.db.write() as session:
        task.done(session, size=row["size"])
