"""`make openapi`: writes the API's description, and the Postman collection that is made from it.

With `--record` the examples in it are made anew, by telling the story to the embedded stack; else they stay as they are.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

import httpx

from chalicelib.api.reference import DOCUMENT
from tools.bundle import ROOT
from tools.embedded import EmbeddedStack

from . import story
from .document import build
from .postman import collection

POSTMAN: Final = ROOT / "docs" / "postman.json"
EXAMPLES: Final = ROOT / "tools" / "openapi" / "examples.json"


def text(value: Any) -> str:
    """JSON as it is kept: a line a value, so that a change shows as one."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def files() -> dict[Path, str]:
    """What is generated, as it should be."""
    document = build(json.loads(EXAMPLES.read_text()))
    return {DOCUMENT: text(document), POSTMAN: text(collection(document))}


def record() -> str:
    """The examples, told anew by a service of its own."""
    with (
        EmbeddedStack(env={"MAX_LINES_PER_CUSTOMER": story.CUSTOMER_LINES_MAX, "OVERVIEW": "true"}) as stack,
        httpx.Client(trust_env=False, timeout=60) as client,
    ):
        client.base_url = stack.base_url
        return text(story.tell(stack, client))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", action="store_true", help="make the examples anew")
    if parser.parse_args().record:
        EXAMPLES.write_text(record())
    for path, content in files().items():
        path.write_text(content)
        print(f"{path.relative_to(ROOT)}: {len(content.encode()):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
