"""Deposit, label and publish; then hand a table of records in and take it in.

    VIGIL_SITE=https://archive.example VIGIL_TOKEN=vgl_… python3 moderator.py FILE

The token needs the scopes `read` and `write`. The file goes up in parts and can be gone
on with; each call that makes something has a key, so that it may be sent again. Python's
standard library alone.
"""

import base64
import json
import os
import sys
import urllib.error
import urllib.request
import uuid
from pathlib import Path

SITE = os.environ.get("VIGIL_SITE", "http://127.0.0.1:8000")
TOKEN = os.environ["VIGIL_TOKEN"]
PART = 4 * 1024 * 1024


def ask(method, address, content=None, **headers):
    """The answer to one call; a refusal ends the program with its sentence."""
    address = address if address.startswith("http") else SITE + address
    request = urllib.request.Request(address, content, method=method)
    request.add_header("Authorization", f"Bearer {TOKEN}")
    for name, value in headers.items():
        request.add_header(name.replace("_", "-"), value)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.headers, answer.read()
    except urllib.error.HTTPError as refused:
        problem = json.load(refused)
        sys.exit(f"{refused.code}: {problem['detail']} {problem.get('errors', '')}")


def send(method, address, body, key=None):
    """Send JSON; what comes back as JSON. With a key it can be sent again."""
    headers = {"Content_Type": "application/json"}
    if key is not None:
        headers["Idempotency_Key"] = key
    _, answer = ask(method, address, json.dumps(body).encode(), **headers)
    return json.loads(answer)


def upload(path):
    """Send a file in parts (tus 1.0.0); the id of the upload."""
    content, name = path.read_bytes(), base64.b64encode(path.name.encode()).decode()
    told, _ = ask(
        "POST",
        "/api/v1/uploads",
        Tus_Resumable="1.0.0",
        Upload_Length=str(len(content)),
        Upload_Metadata=f"filename {name}",
        Idempotency_Key=str(uuid.uuid4()),
    )
    for offset in range(0, len(content), PART):
        ask(
            "PATCH",
            told["Location"],
            content[offset : offset + PART],
            Tus_Resumable="1.0.0",
            Upload_Offset=str(offset),
            Content_Type="application/offset+octet-stream",
        )
    return told["Location"].rpartition("/")[2]


def hand_in(table):
    """A table of records, as the form it is sent in: nothing is taken in yet."""
    line = uuid.uuid4().hex
    body = (
        f'--{line}\r\nContent-Disposition: form-data; name="visibility"\r\n\r\nstaff\r\n'
        f'--{line}\r\nContent-Disposition: form-data; name="table"; '
        f'filename="records.csv"\r\nContent-Type: text/csv\r\n\r\n{table}\r\n--{line}--\r\n'
    )
    _, answer = ask(
        "POST",
        "/api/v1/imports",
        body.encode(),
        Content_Type=f"multipart/form-data; boundary={line}",
        Idempotency_Key=str(uuid.uuid4()),
    )
    return json.loads(answer)


def main(path):
    description = {
        "title": "A photograph of the yard",
        "event_date": "2020-10",
        "visibility": "public",
        "uploads": [upload(path)],
    }
    key = str(uuid.uuid4())
    record = send("POST", "/api/v1/records", description, key)
    again = send("POST", "/api/v1/records", description, key)
    print("deposited", record["id"], "and once only:", again["id"] == record["id"])

    for asset in record["assets"]:
        labels = {"labels": [{"code": "property.heritage", "tier": "G1"}]}
        send("PUT", f"/api/v1/assets/{asset['id']}/labels", labels)
    where = f"/api/v1/records/{record['id']}"
    print("it is", send("PATCH", where, {"state": "published"})["state"])

    plan = hand_in("id,title,date\n1,First row,2020-10-15\n2,Second row,no date\n")
    print(plan["name"], plan["counts"])
    for line in plan["lines"]["items"]:
        for trouble in line["troubles"]:
            print(f"  {line['at']}: {trouble['column']}: {trouble['problem']}")
    begun = send("PATCH", f"/api/v1/imports/{plan['id']}", {"action": "start"})
    print("the import is", begun["state"])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
