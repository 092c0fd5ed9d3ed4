"""What both checks need: HTTP with the standard library, and findings that are counted."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.parse
import urllib.request

# Findings of one kind that are shown; the rest is counted.
SHOWN_MAX = 3


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(NoRedirect, urllib.request.ProxyHandler({}))


def environment(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise SystemExit(f"{name} is not set: run hack/contracts.sh")
    return value.rstrip("/")


def call(url: str, headers: dict[str, str] | None = None, form: dict[str, str] | None = None, body: dict | None = None):
    """Status, headers and body of an answer, whatever its status; the body as JSON where it is JSON."""
    data = None if form is None else urllib.parse.urlencode(form).encode()
    if body is not None:
        data, headers = json.dumps(body).encode(), {**(headers or {}), "Content-Type": "application/json"}
    request = urllib.request.Request(url, data=data, headers=headers or {})
    try:
        answer = OPENER.open(request, timeout=60)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        text = answer.read().decode()
        try:
            return answer.status, answer.headers, json.loads(text)
        except json.JSONDecodeError:
            return answer.status, answer.headers, text


class Findings:
    """What is wrong, by kind: one mistake of the sandbox shows in every row."""

    def __init__(self) -> None:
        self.by_kind: dict[str, list[str]] = {}

    def add(self, kind: str, where: str) -> None:
        self.by_kind.setdefault(kind, []).append(where)

    def print(self) -> None:
        for kind, places in sorted(self.by_kind.items()):
            more = f" and {len(places) - SHOWN_MAX} more" if len(places) > SHOWN_MAX else ""
            print(f"  WRONG  {kind}: {', '.join(places[:SHOWN_MAX])}{more}")

    def __len__(self) -> int:
        return len(self.by_kind)
