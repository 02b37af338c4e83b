"""Text to terms, the same way for documents and for queries.

    tokens       where words are (offsets, positions, hyphens, numbers, addresses)
    folding      one spelling of a word whatever its case, ligatures and digits
    stemming     the stem of a word in a language; ``azerbaijani`` has its own
    romanise     keys under which the spellings of a name in all scripts meet
    words        the three kinds of term of a word: exact, stem, key
    gazetteer    places and persons with different names on the two sides

Nothing here knows an index.
"""
