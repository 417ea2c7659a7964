"""The guard of every address: only what lies under the registered base of a source is ever asked.

A server's own words (links, references, redirects) are as untrusted as anything else that it sends: a `next` link to
another host would carry our token there.
"""

import ipaddress
from collections.abc import Iterable
from urllib.parse import SplitResult, urljoin, urlsplit

from plugin.domain.errors import BadSettings, OutsideSource

_DEFAULT_PORTS = {"https": 443, "http": 80}
# Encoded dots, slashes, backslashes, percents and zero bytes: no FHIR path needs them, and servers disagree on what
# they mean after decoding.
_REFUSED_IN_PATH = ("/..", "%2e", "%2f", "%5c", "%25", "%00")


def within(base: str, url: str) -> str | None:
    """The absolute form of `url`, or None unless it has the base's scheme, host and port and lies under its path."""
    if not url:
        return base.rstrip("/")
    if "\\" in url or any(ord(character) <= 0x20 or ord(character) == 0x7F for character in url):
        return None
    try:
        root, asked = urlsplit(base), urlsplit(urljoin(base.rstrip("/") + "/", url))
        same_place = _place(root) == _place(asked)
    except ValueError:
        return None
    if not same_place or asked.username is not None or asked.password is not None or asked.fragment:
        return None
    return asked.geturl() if _is_below(root.path.rstrip("/"), asked.path) else None


def _place(url: SplitResult) -> tuple[str, str | None, int | None]:
    port = _DEFAULT_PORTS.get(url.scheme) if url.port is None else url.port
    return url.scheme, url.hostname, port


def _is_below(root: str, path: str) -> bool:
    lowered = path.lower()
    if any(refused in lowered for refused in _REFUSED_IN_PATH):
        return False
    return path == root or path.startswith(root + "/")


class Origin:
    """A source's base address, and the other names under which the same server speaks of itself."""

    def __init__(self, base_url: str, link_aliases: Iterable[str] = ()) -> None:
        self.base_url = _checked_base(base_url)
        self._aliases = tuple(_checked_base(alias) for alias in link_aliases)

    def address(self, url: str) -> str:
        """The address to ask. An alias's links are rewritten to the base, then guarded like any other."""
        guarded = within(self.base_url, self._rewritten(url))
        if guarded is None:
            raise OutsideSource(
                f"An address that leads out of {self.base_url} (to {place_of(url)}) was refused. "
                "If that is the same server under another name, add it to the link aliases of this source."
            )
        return guarded

    def path_of(self, address: str) -> str:
        """The part below the base, without the query, as it may stand in a message."""
        return urlsplit(address).path.removeprefix(urlsplit(self.base_url).path).strip("/") or "/"

    def _rewritten(self, url: str) -> str:
        for alias in self._aliases:
            rest = url.removeprefix(alias)
            if rest != url and rest[:1] in ("", "/", "?"):
                return self.base_url + rest
        return url


def place_of(url: str) -> str:
    """Scheme, host and port of a foreign address, for a message: never its path or query."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", f":{parts.port}" if parts.port is not None else ""
    except ValueError:
        return "an address that cannot be read"
    if not host.isascii() or not host.isprintable() or len(host) > 253:
        return "an address that cannot be read"
    return f"{parts.scheme}://{host}{port}" if host else "the same server, outside the path"


def _checked_base(url: str) -> str:
    """The base without a trailing slash. Which hosts may be asked is the administrator's list, not ours; only
    link-local addresses (cloud metadata) are refused always."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise BadSettings("The address of a source cannot be read: give it as https://host[:port]/path.") from error
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise BadSettings("The address of a source must be a whole one: https://host[:port]/path.")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise BadSettings("The address of a source must hold no user name, password, query or fragment.")
    if _is_link_local(parts.hostname):
        raise BadSettings("The address of a source must not be a link-local one.")
    base = url.rstrip("/")
    if within(base, base) is None:
        raise BadSettings("The address of a source must hold no blanks, backslashes or dot segments.")
    return base


def _is_link_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_link_local
    except ValueError:
        return False
