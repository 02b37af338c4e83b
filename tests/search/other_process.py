"""Run as a program: adds documents one by one, saying when each is committed."""

import sys
from pathlib import Path

from search.document import Document, Text
from tests.search.conftest import Maker


def main(kind: str, place: str, name: str, count: int) -> None:
    engine = Maker(kind, Path(place) if kind == "whoosh" else place).open()
    for number in range(count):
        doc = f"{name}{number}"
        engine.add([Document(doc, "public", (Text("en", "", f"convoy {doc}"),))])
        sys.stdout.write(f"{doc}\n")
        sys.stdout.flush()
    engine.close()


if __name__ == "__main__":
    main(*sys.argv[1:4], count=int(sys.argv[4]))
