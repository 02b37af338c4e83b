"""Open an original as a vetted researcher: consent to exactly what it shows, read it.

    VIGIL_SITE=https://archive.example VIGIL_TOKEN=vgl_… python3 researcher.py RECORD

The token needs the scopes `read` and `reveal`. Nothing is written to disk: what is
opened is hashed and forgotten. Python's standard library alone.
"""

import hashlib
import json
import os
import sys
import urllib.error
import urllib.request

SITE = os.environ.get("VIGIL_SITE", "http://127.0.0.1:8000")
TOKEN = os.environ["VIGIL_TOKEN"]


def ask(method, address, body=None, **headers):
    """The answer to one call, open; a refusal ends the program with its sentence."""
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(SITE + address, content, method=method)
    request.add_header("Authorization", f"Bearer {TOKEN}")
    if body is not None:
        request.add_header("Content-Type", "application/json")
    for name, value in headers.items():
        request.add_header(name.replace("_", "-"), value)
    try:
        return urllib.request.urlopen(request)
    except urllib.error.HTTPError as refused:
        problem = json.load(refused)
        sys.exit(f"{refused.code}: {problem['detail']} {problem.get('reasons', '')}")


def document(method, address, body=None):
    with ask(method, address, body) as answer:
        return json.load(answer)


def main(record_id):
    me = document("GET", "/api/v1/me")
    print(f"as {me['email']}, {me['role']}")

    record = document("GET", f"/api/v1/records/{record_id}")
    shown = [label["code"] for label in record["labels"]]
    print(f"{record['title']} shows {', '.join(shown)}")

    # Read what the labels say before you agree to see it; then send exactly these.
    willingness = {
        "purpose": "comparing two recordings",
        "minutes": 10,
        "acknowledged": shown,
    }
    consents = f"/api/v1/records/{record_id}/consents"
    consent = document("POST", consents, willingness)
    print(f"consent until {consent['expires_at']}")

    for asset in record["assets"]:
        with ask("GET", asset["original_url"]) as original:
            found = hashlib.sha256(original.read()).hexdigest()
        print(f"{asset['kind']}: whole", found == asset["sha256"])
        with ask("GET", asset["original_url"], Range="bytes=0-15") as part:
            print(f"  the first {len(part.read())} bytes, status {part.status}")

    ask("DELETE", f"/api/v1/me/consents/{consent['id']}").close()
    today = document("GET", "/api/v1/me/exposure")["today"]
    print(f"consent withdrawn; opened today: {today}")


if __name__ == "__main__":
    main(sys.argv[1])
