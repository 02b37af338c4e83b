"""What harvesters are given of a record: what anybody may read of it, and no more.

notices     a record as a visitor reads it
xmltext     XML that every reader can read
dublincore  the notice as simple Dublin Core (oai_dc)
datacite    the notice as DataCite 4 (datacite)
formats     every form a notice is given in
offering    keeps the book of what was offered in step with what is
"""
