"""Sentences for the person who searches, that can be said in another language.

A remark is its English sentence; beside that it keeps the sentence with the gaps still
in it (``%(name)s``) and what fills them, so that whoever shows it can look the former
up and fill it in anew.
"""

from collections.abc import Mapping


class Remark(str):
    """A sentence in English, its template, and the values of the gaps."""

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, **values: object) -> "Remark":
        """Fill the gaps; a template without values is the sentence itself."""
        made = super().__new__(cls, template % values if values else template)
        made.template, made.values = template, values
        return made
