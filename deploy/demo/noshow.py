"""`python -m deploy.demo.noshow URL`: makes an appointment a no-show, for those who have no curl."""

import sys

import requests

PATCH = [{"op": "replace", "path": "/status", "value": "noshow"}]
ANSWER_S = 30.0


def main(arguments: list[str]) -> int:
    """Prints the server's status code."""
    (url,) = arguments
    with requests.Session() as session:
        session.trust_env = False
        kind = {"Content-Type": "application/json-patch+json"}
        answer = session.patch(url, json=PATCH, headers=kind, timeout=ANSWER_S, allow_redirects=False)
    print(answer.status_code)
    return 0 if answer.ok else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
