"""Run as a program: adds documents one by one, saying when each is committed."""

import sys
from pathlib import Path

from search.document import Document, Text
from search.whoosh_engine import WhooshEngine
from tests.search.aes_sealing import AesSealing

KEY = bytes(range(32))


def main(folder: Path, name: str, count: int) -> None:
    engine = WhooshEngine.open(folder, AesSealing(KEY))
    for number in range(count):
        doc = f"{name}{number}"
        engine.add([Document(doc, "public", (Text("en", "", f"convoy {doc}"),))])
        sys.stdout.write(f"{doc}\n")
        sys.stdout.flush()
    engine.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
