"""Encryption at rest: nothing the archive keeps is written in clear.

    providers    where the unlock secret comes from; passphrases, shares are two of them
    keylines     the line it is written as; privatefiles, how such files are read
    keyfiles     the sealed files of the key folder, replaced whole or not at all
    keyrings     the unlock secret opens the keyrings: named keys, in versions
    keeping      keys of originals that another process holds for this one
    recipients   public keys that the keys are sealed to; recovery is what they get
    rotation     another version of a key, while the archive serves
    shredlist    what must not open again, whatever a backup brings back
    keytable     each object has a data key of its own, wrapped, in one row
    container    blob v1: a clear header of 64 bytes, then one Cobblestone-256 message
    reader       opens a blob anywhere, after the end of it was authenticated
    blobs        where sealed bytes lie: a folder; an object store has the same shape
    objects      the way in: hash, seal, store in one pass; the sweep after crashes
    originals    the way out of an original, which asks for the policy's Permit
    previews     the way in and out of what is made from originals
    checking     reads everything back and says what is off
    aead, fields, indexfiles    small values, columns, files of the search index

The bytes are described in docs/formats/blob-v1.md, and docs/formats/open_blob.py opens
them without this program. A file cut, lengthened, reordered, exchanged for another or
written under an older scheme does not open; nothing here falls back to clear bytes.
"""
