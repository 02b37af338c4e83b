"""Many at once: material from elsewhere, each entry a record, none of it half.

entries    what a source gives, and what came of it
tables     what was taken in before; imports of the page
book       looking that up, writing it down
taking     foreseeing, and taking in
trees      folders and ZIPs of strangers, read and never unpacked
digests    hashing what passes
tabletext  bytes to rows of a table, strictly
mapping    which column means what
rows       rows to entries
material   what readers of other programs' files have in common
bags       BagIt
autoarchiver, pythonwords   what auto-archiver has saved, and as what it writes it
telegram   what Telegram Desktop exports
webarchives   WARC and WACZ
reports    what became of each, for people and programs
"""
