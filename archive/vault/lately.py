"""The previews that were opened last, kept open in this process.

Every list asks for the same few dozen, and opening each costs more than all the rest of
it. What is kept is blurred already, some fifty bytes each; that the key table still has
the row, and that nobody shredded it, is asked each time before this is.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from uuid import UUID

MOST = 4_096


class Lately:
    """Contents by the id of their data key, which is another for whatever is new."""

    def __init__(self, most: int = MOST) -> None:
        """Keep so many; the one asked for longest ago goes first."""
        self._most = most
        self._held: OrderedDict[UUID, bytes] = OrderedDict()
        self._changing = threading.Lock()

    def of(self, key_id: UUID, read: Callable[[], bytes]) -> bytes:
        """What was read under this key before, or is now."""
        with self._changing:
            if key_id in self._held:
                self._held.move_to_end(key_id)
                return self._held[key_id]
        content = read()
        with self._changing:
            self._held[key_id] = content
            while len(self._held) > self._most:
                self._held.popitem(last=False)
        return content
