"""One signed call to the API of a stack, for what curl can't sign: paths with a colon, as in the ids of daily runs.

    python -m tools.call --stack packages-billing-prod GET /runs/daily:2031-03-15
    python -m tools.call --stack packages-billing-prod POST /runs/simulations '{"customer": "acme", "date": "2031-03-15"}'

It prints the answer's body. The exit status is 1 when the answer is none of success.
"""

import argparse
import sys
from collections.abc import Sequence

from botocore.exceptions import BotoCoreError, ClientError

from tools.aws import Aws
from tools.checks import Failed, NotProven
from tools.smoke.world import Asked, World


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.call", description="Makes one signed call to the API of a stack.")
    parser.add_argument("--stack", required=True)
    parser.add_argument("--endpoint", help="an embedded AWS")
    parser.add_argument("method", choices=["GET", "POST", "PUT", "PATCH", "DELETE"])
    parser.add_argument("path", help="with its query, as in /runs?limit=10")
    parser.add_argument("body", nargs="?", help="JSON")
    return parser.parse_args(arguments)


def main() -> int:
    asked = parsed(sys.argv[1:])
    headers = {"Content-Type": "application/json"} if asked.body else {}
    try:
        with World(Aws(asked.endpoint), Asked(asked.stack, None, 0)).client() as api:
            answer = api.request(asked.method, asked.path, content=asked.body, headers=headers)
    except (Failed, NotProven, BotoCoreError, ClientError) as error:
        print(f"not called: {error}", file=sys.stderr)
        return 1
    print(answer.text)
    return int(not answer.is_success)


if __name__ == "__main__":
    sys.exit(main())
