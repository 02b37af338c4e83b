"""What schemathesis is told of this API; it runs by itself, without the archive's code.

VIGIL_FUZZ_IDS names a JSON file: for a variable of a path, ids that are there. Without
them nearly every address would lead nowhere.
"""

import json
import os
from pathlib import Path
from typing import Any

import schemathesis

schemathesis.serializer.alias(
    "application/offset+octet-stream", "application/octet-stream"
)


@schemathesis.hook
def before_load_schema(_context: Any, raw_schema: dict[str, Any]) -> None:
    """Let addresses be of what there is, mostly."""
    told = Path(os.environ["VIGIL_FUZZ_IDS"]).read_text()
    known: dict[str, list[str]] = json.loads(told)
    for methods in raw_schema["paths"].values():
        for operation in methods.values():
            for parameter in operation["parameters"]:
                if parameter["in"] == "path" and parameter["name"] in known:
                    there = {"type": "string", "enum": known[parameter["name"]]}
                    other = {"type": "string", "minLength": 1}
                    parameter["schema"] = {"anyOf": [there, there, there, other]}
