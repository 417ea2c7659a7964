"""The machine's Chromium as the runners drive it, and what one of its pages fetched over the network."""

import os
from collections.abc import Mapping, Sequence
from typing import Any  # what the browser's own protocol sends

from playwright.sync_api import Page

_NOT_WANTED = ("HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable", "LocalNetworkAccessChecks", "MediaRouter")
"""Features that disturb where all servers are on this machine. Playwright's own list, which this replaces, also takes away
the storage that a browser keeps apart for each framed site, and without it nobody signs in in a frame."""


def options() -> Sequence[str]:
    """As root, as in a container, it runs only without its sandbox."""
    features = f"--disable-features={','.join(_NOT_WANTED)}"
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
    return ("--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", features, *sandbox)


class Fetched:
    """What a page fetches over the network, not out of the browser's cache, by the browser's own protocol."""

    def __init__(self, page: Page) -> None:
        self._addresses: dict[str, str] = {}
        self._bytes: dict[str, int] = {}
        session = page.context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", self._on_request)
        session.on("Network.requestServedFromCache", self._on_cached)
        session.on("Network.loadingFinished", self._on_finished)
        session.send("Network.enable")

    def of(self, origin: str, since: str = "") -> Mapping[str, int]:
        """Bytes with headers by address, of one origin, as they were finished, from the first address that holds
        ``since``."""
        all_ = [(self._addresses[id_], size) for id_, size in self._bytes.items() if size and id_ in self._addresses]
        ours = [(address, size) for address, size in all_ if address.startswith(origin)]
        first = next((place for place, (address, _) in enumerate(ours) if since in address), len(ours))
        return dict(ours[first:])

    def _on_request(self, event: Mapping[str, Any]) -> None:
        self._addresses[event["requestId"]] = event["request"]["url"]

    def _on_cached(self, event: Mapping[str, Any]) -> None:
        self._addresses.pop(event["requestId"], None)

    def _on_finished(self, event: Mapping[str, Any]) -> None:
        self._bytes[event["requestId"]] = int(event["encodedDataLength"])
