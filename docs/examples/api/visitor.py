"""Find what is public, without an account: search, walk through all of it, read one.

    VIGIL_SITE=https://archive.example python3 visitor.py "church"

Python's standard library alone.
"""

import json
import os
import re
import sys
import urllib.parse
import urllib.request

SITE = os.environ.get("VIGIL_SITE", "http://127.0.0.1:8000")


def get(address):
    """The document at an address, and the address of the next page, if there is one."""
    with urllib.request.urlopen(SITE + address) as answer:
        link = re.search(r'<([^>]+)>; rel="next"', answer.headers.get("Link", ""))
        return json.load(answer), link and link[1]


def everything(address):
    """Each item of a list, page after page, none missed and none twice."""
    while address:
        page, address = get(address)
        yield from page["items"]


def main(words):
    found, _ = get("/api/v1/records?" + urllib.parse.urlencode({"q": words}))
    print(f"{found['total']} records about {words!r}")
    for each in found["items"]:
        print(f"  {each['id']}  {each['tier']}  {each['title']}")

    records = list(everything("/api/v1/records?cursor=&per_page=100"))
    print(f"{len(records)} records in all")

    for each in records[:1]:
        record, _ = get(f"/api/v1/records/{each['id']}")
        print(f"{record['title']}: labelled", [x["code"] for x in record["labels"]])
        for asset in record["assets"]:
            reasons = [reason["code"] for reason in asset["reveal"]["reasons"]]
            print(f"  {asset['kind']}, original closed because: {', '.join(reasons)}")

    labels, _ = get("/api/v1/labels")
    print(f"{len(labels['labels'])} labels in the vocabulary")


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]) or "church")
