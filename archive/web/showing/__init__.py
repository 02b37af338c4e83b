"""Records in words: cards, pages, panels and JSON, cut to what the viewer may read."""
