"""What is registered at an OpenEMR so that Milepost can read it, open its panel there and write staff messages: texts
for copying, and who does what. OpenEMR 8.2 registers by itself whoever posts such a text; an administrator then lets it
in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from plugin.domain.errors import BadInput, CannotDo
from plugin.domain.rights import FOR_PANEL, FOR_READING, FOR_STAFF
from plugin.usecases.services import Services
from plugin.usecases.source_check import INDEX

_BASE = re.compile(r"(?P<address>https?://[^?#]+)/apis/(?P<site>[A-Za-z0-9_.-]+)/fhir", re.ASCII)
_ALGORITHM = "RS384"
"""The one in which OpenEMR 8.2 takes assertions (recordings 038, 054, 055)."""
_PUBLIC = ("kty", "kid", "alg", "use", "n", "e")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One client: what it is for, what is posted (JSON), and a command that posts it."""

    name: str
    title: str
    why: str
    body: str
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What somebody does, in sentences; ``text`` is what they copy. ``registers``: it is about the clients' texts."""

    who: str
    title: str
    words: Sequence[str]
    text: str = ""
    registers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Registrations:
    """For one OpenEMR: the address that takes the clients, the clients, and the steps in their order."""

    endpoint: str
    clients: Sequence[Registration]
    steps: Sequence[Step]


def registrations(services: Services, slug: str, fhir_base: str) -> Registrations:
    """From what is configured, for a source that there is, or that is to be added under this name. CannotDo, in words,
    where something of ours is missing."""
    if services.public_url is None:
        raise CannotDo("MILEPOST_PUBLIC_URL is not set: the EHR would not know where to send people.")
    with services.database.begin(reading=True) as uow:
        issuers = [issuer.slug for issuer in uow.issuers.all() if issuer.source == slug]
    issuer = issuers[0] if issuers else slug
    return openemr_registrations(slug, fhir_base.removesuffix("/"), services.public_url, services.jwks(), issuer=issuer)


def openemr_registrations(
    slug: str, fhir_base: str, public_url: str, jwks: Mapping[str, object], *, issuer: str | None = None
) -> Registrations:
    """Of the source with this FHIR base. ``jwks`` are the public halves of our keys; ``issuer`` is the slug of the record
    of its launches, the source's own where there is none yet."""
    place = _place(fhir_base)
    ours = _Ours(slug, public_url, issuer or slug)
    made = [
        _registration(place, "panel", _PANEL, {**ours.panel(), "scope": " ".join(("launch", *FOR_PANEL))}),
        _registration(place, "reading", _READING, {**ours.reading(_inline(jwks)), "scope": " ".join(FOR_READING)}),
        _registration(place, "messages", _MESSAGES, {**ours.messages(), "scope": " ".join(FOR_STAFF)}),
    ]
    return Registrations(endpoint=place.registration, clients=made, steps=_steps(place, ours))


def staff_callback(public_url: str, slug: str) -> str:
    """Where the staff account's browser comes back to; OpenEMR compares it letter by letter."""
    return f"{public_url}/admin/sources/{slug}/staff-account/back"


_PANEL = ("The panel in the chart", "Opens the panel from a patient's chart, and knows who opened it and for whom.")
_READING = ("Reading", "Lets Milepost read by itself, with its own keys. Nobody signs in for it.")
_MESSAGES = ("Staff messages", "Lets one staff account, signed in once, write messages to the inbox of your staff.")


@dataclass(frozen=True, slots=True)
class _Place:
    """One site of an OpenEMR, and its addresses (8.2)."""

    fhir: str
    origin: str
    address: str
    oauth: str

    @property
    def registration(self) -> str:
        return f"{self.oauth}/registration"


@dataclass(frozen=True, slots=True)
class _Ours:
    """Our side: clients as RFC 7591 has them, with what OpenEMR 8.2 wants besides: ``application_type`` "private" for a
    client that keeps a secret, redirects also where nobody is ever redirected, ``initiate_login_uri`` for the launch."""

    slug: str
    public_url: str
    issuer: str

    @property
    def callback(self) -> str:
        return f"{self.public_url}/callback/{self.issuer}"

    def panel(self) -> Mapping[str, object]:
        # OpenEMR 8.2 puts its "?launch=…" behind this address, whatever stands in it: it must hold no query.
        return {
            **self._client("Milepost", self.callback),
            "initiate_login_uri": f"{self.public_url}/launch",
            "token_endpoint_auth_method": "client_secret_post",
        }

    def reading(self, keys: Sequence[Mapping[str, str]]) -> Mapping[str, object]:
        # Inline: OpenEMR 8.2 fetches a jwks_uri at each token call, and is a 500 where it cannot (recording 456).
        return {
            **self._client("Milepost reading", self.callback),
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks": {"keys": list(keys)},
        }

    def messages(self) -> Mapping[str, object]:
        return {
            **self._client("Milepost messages", staff_callback(self.public_url, self.slug)),
            "token_endpoint_auth_method": "client_secret_post",
        }

    def _client(self, name: str, redirect: str) -> Mapping[str, object]:
        return {
            "application_type": "private",
            "client_name": name,
            "contacts": [self.public_url],
            "redirect_uris": [redirect],
        }


def _place(fhir_base: str) -> _Place:
    found = _BASE.fullmatch(fhir_base)
    if found is None:
        raise BadInput("The FHIR base of an OpenEMR ends with /apis/SITE/fhir, for example /apis/default/fhir.")
    address = found["address"]
    parts = urlsplit(address)
    return _Place(fhir_base, f"{parts.scheme}://{parts.netloc}", address, f"{address}/oauth2/{found['site']}")


def _inline(jwks: Mapping[str, object]) -> Sequence[Mapping[str, str]]:
    """The public halves that OpenEMR can use, and of each nothing but that."""
    listed = jwks.get("keys")
    keys = [key for key in listed if isinstance(key, Mapping)] if isinstance(listed, list) else []
    found = [{name: str(key[name]) for name in _PUBLIC} for key in keys if key.get("alg") == _ALGORITHM]
    if not found:
        raise CannotDo(f"There is no {_ALGORITHM} key of ours to register; run `milepost keys make`.")
    return found


def _registration(place: _Place, name: str, words: tuple[str, str], client: Mapping[str, object]) -> Registration:
    title, why = words
    body = json.dumps(client, indent=2)
    command = f"curl -H 'Content-Type: application/json' --data @milepost-{name}.json {place.registration}"
    return Registration(name=name, title=title, why=why, body=body, command=command)


_HERE, _THERE = "Milepost's administrator", "OpenEMR's administrator"
_DATABASE = "Whoever runs OpenEMR's database"


def _steps(place: _Place, ours: _Ours) -> Sequence[Step]:
    return (*_before(place), *_after(place, ours))


def _before(place: _Place) -> Sequence[Step]:
    """Until the clients are let in."""
    return (
        Step(
            who=_THERE,
            title="Switch the interfaces on",
            words=(
                "Open Admin, Config, Connectors.",
                f"Site address (site_addr_oath): {place.origin}",
                "Switch on the Standard REST API (rest_api), the FHIR REST API (rest_fhir_api) and the FHIR system "
                "scopes (rest_system_scopes_api).",
            ),
        ),
        Step(
            who=_HERE,
            title="Register the three clients",
            registers=True,
            words=(
                "Save each text in a file of its own and send it. Each answer holds a client_id; those of the panel and "
                "of the staff messages hold a client_secret too, which is shown only then.",
            ),
        ),
        Step(
            who=_THERE,
            title="Let them in",
            words=(
                "Open Admin, System, API Clients. Enable Milepost, Milepost reading and Milepost messages; until then "
                "each of them is refused.",
                "For Milepost, also choose that the launch skips the authorization flow. Without that, people log in and "
                "agree once more inside the panel's window.",
            ),
        ),
    )


def _after(place: _Place, ours: _Ours) -> Sequence[Step]:
    return (
        Step(
            who=_HERE,
            title="Tell Milepost",
            words=(
                "Put the client ids in. The panel's secret is asked for; the staff account's goes into the source's page.",
            ),
            text=_commands(place, ours),
        ),
        Step(
            who=_DATABASE,
            title="Add the one index",
            words=("Without it OpenEMR reads its whole table of care plans for each question. Say when it is there.",),
            text=INDEX,
        ),
        Step(
            who=_HERE,
            title="Tell the people",
            words=(
                "Who runs the database: OpenEMR keeps a copy of every answer (api_log). The source's page says how much "
                "that is in a day.",
                "The staff: Milepost stands in the chart under SMART Enabled Apps, and shows the chart that was opened "
                "last. If the login comes up instead, or the window stays blank, OpenEMR has logged them out: log in, open "
                "the chart, open Milepost again.",
                "Whoever changes Milepost's keys (milepost keys rotate): register the reading client anew right after, "
                "and put its new client id in. OpenEMR knows only the keys that it was given, and the new one signs ten "
                "minutes later.",
            ),
        ),
    )


def _commands(place: _Place, ours: _Ours) -> str:
    return "\n".join(
        (
            f"milepost source add {ours.slug} {place.fhir} --kind openemr --client-id CLIENT_ID_OF_READING",
            f"milepost issuer add {ours.issuer} {place.fhir} --source {ours.slug} --client-id CLIENT_ID_OF_THE_PANEL \\",
            f"  --auth client_secret --oidc-issuer {place.oauth} --origin {place.origin}",
        )
    )
