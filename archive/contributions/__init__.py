"""What people without an account hand in: it waits for review, and is nowhere listed.

kinds        how a contribution stands, and what its contributor may wish
tables       one contribution, and what was asked and answered about it
words        what was said beside the files, sealed in one piece
quarantine   how much waits, and how much more there is room for
finding      one contribution by its reference or its id
describing   what was typed becomes a draft, and what is kept beside it
handing      files are sealed as they come; the reference is drawn
desk         the queue: oldest first, taken up for a while, given back; questions
deciding     it is taken in as a record like any other, or declined
ending       it is withdrawn; what is not wanted is shredded when its time comes
forgetting   whom to write to is forgotten first, then what was declined
telling      the lines of the ledger

Its files are those of a record in the state `contributed`. That state is what keeps it
from everybody but those who review: the policy knows of no such record, and no list
holds one. Whether somebody may review was decided before, by the policy; whether they
are too near to the matter, by `desk`.
"""
