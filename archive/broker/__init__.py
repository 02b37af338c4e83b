"""A process of its own that opens originals, so that the one on the network cannot.

    vigil serve (no originals' key)  ──unix socket──>  vigil broker (all keys)

    wire      frames: short JSON, and pieces of an original
    faults    the errors that cross the socket, and come out as what they were
    client    the side of the web: opens by asking; wraps new data keys by asking
    service   what the broker does when asked; it believes nothing but the database
    journal   what it gave out, in a file beyond the reach of the web
    server    the socket: who may connect, how many at once, for how long

Whoever asks says only through which session or token. The broker reads for itself who
that is, decides by the same gate, and writes the ledger's line before the first byte.
"""
