"""Reading every sealed file back, a little at a time, so that it never has to be done
at once: `vigil verify --fixity --resume`, and the worker by itself.

    Walk(premises, manner).run()    from the kept place, or the beginning -> Round
    quarantine                      what did not hold is set aside, and let back
    Pace(bytes_per_second)          how fast; it can be told to stop

The place is kept after every second and every stop. Killed anywhere, a round loses what
it read since; nothing is left out and nothing is found twice.
"""

from archive.fixity.pace import Pace, Stopped
from archive.fixity.tables import FixityRound
from archive.fixity.walking import Manner, Off, Premises, Round, Walk, end

__all__ = [
    "FixityRound",
    "Manner",
    "Off",
    "Pace",
    "Premises",
    "Round",
    "Stopped",
    "Walk",
    "end",
]
