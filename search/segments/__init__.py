"""An index as segments in sealed files, wherever an engine keeps these.

engine      asking and committing: what every engine over segments does alike
contents    which segments there are, and when they are merged
snapshot    one committed state, read
files       the files of one segment
terms       terms and posting lists in those files
near        terms near a word
packing     lists of numbers as bytes
building    a whole index made of documents
merging     several segments made one
storage     what an engine gives to keep files in
"""
