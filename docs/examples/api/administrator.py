"""What waits for an administrator, and what happened: applications, accounts, ledger.

    VIGIL_SITE=https://archive.example VIGIL_TOKEN=vgl_… python3 administrator.py

The token needs the scopes `read` and `admin`. Nothing is changed. Python's standard
library alone.
"""

import collections
import json
import os
import re
import sys
import urllib.error
import urllib.request

SITE = os.environ.get("VIGIL_SITE", "http://127.0.0.1:8000")
TOKEN = os.environ["VIGIL_TOKEN"]


def get(address):
    """The document at an address, and the address of the next page, if there is one."""
    request = urllib.request.Request(SITE + address)
    request.add_header("Authorization", f"Bearer {TOKEN}")
    try:
        with urllib.request.urlopen(request) as answer:
            link = re.search(r'<([^>]+)>; rel="next"', answer.headers.get("Link", ""))
            return json.load(answer), link and link[1]
    except urllib.error.HTTPError as refused:
        sys.exit(f"{refused.code}: {json.load(refused)['detail']}")


def everything(address, member="items"):
    """Each item of a list, page after page, none missed and none twice."""
    while address:
        page, address = get(address)
        yield from page[member]


def main():
    waiting = list(everything("/api/v1/applications"))
    print(f"{len(waiting)} applications wait")
    for each in waiting:
        print(f"  {each['id']}  {each['stage']}  since {each['submitted_at']}")

    roles = collections.Counter(x["role"] for x in everything("/api/v1/accounts"))
    print("accounts:", dict(roles))

    requests, _ = get("/api/v1/access-requests/all?state=waiting")
    print(f"{requests['total']} access requests wait")

    lines = list(everything("/api/v1/ledger?cursor=&per_page=200", "lines"))
    print(f"{len(lines)} lines in the ledger")
    pairs = zip(lines, lines[1:])
    whole = all(later["previous"] == earlier["digest"] for later, earlier in pairs)
    print("each holds on to the one before:", whole)

    failed = [x for x in everything("/api/v1/jobs?of=everybody") if x["error"]]
    print(f"{len(failed)} jobs have failed")


if __name__ == "__main__":
    main()
