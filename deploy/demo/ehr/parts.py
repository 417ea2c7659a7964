"""What the demo EHR's pages, its authorization server and its proxy are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from deploy.demo.ehr.clients import Client
from deploy.demo.ehr.grants import ACCESS_S, Grants, Launch
from deploy.demo.ehr.people import Person
from deploy.demo.ehr.proving import Proving
from deploy.demo.ehr.signing import Signer
from deploy.demo.ehr.upstream import Upstream
from deploy.demo.ehr.vault import Clock


@dataclass(frozen=True)
class Practice:
    """``tag`` is the practice's own on a server that it shares, ``first`` the patient whose chart is seen first."""

    tag: str = ""
    first: str = ""


@dataclass(frozen=True)
class Parts:
    """``url`` is the EHR's own origin."""

    url: str
    upstream: Upstream
    clients: Mapping[str, Client]
    grants: Grants
    proving: Proving
    signer: Signer
    clock: Clock = field(repr=False)
    practice: Practice = Practice()

    @property
    def fhir(self) -> str:
        """The FHIR base, as apps see it."""
        return f"{self.url}/fhir"

    @property
    def cookie(self) -> str:
        """Cookies know no ports: two EHRs on one machine must not share one."""
        return f"demo_ehr_{urlsplit(self.url).port}"

    @property
    def app(self) -> Client | None:
        """The app that is framed in charts: the first that can be launched there."""
        return next((client for client in self.clients.values() if client.launch_url), None)

    def person(self, login: str | None) -> Person | None:
        """Whose login this cookie is."""
        return self.grants.logins.get(login) if login else None

    def launch(self, client: Client, patient: str, login: str, person: Person) -> str:
        """The address that opens an app in a chart, good for one launch."""
        launch = Launch(client=client.id, person=person, patient=patient, login=login)
        asked = urlencode({"iss": self.fhir, "launch": self.grants.launches.put(launch)})
        return f"{client.launch_url}?{asked}"


def parts(
    url: str,
    fhir: str,
    clients: Sequence[Client],
    *,
    clock: Clock,
    practice: Practice = Practice(),
    access_seconds: float = ACCESS_S,
    signer: Signer | None = None,
) -> Parts:
    """An EHR at ``url`` in front of the FHIR server at ``fhir``."""
    known = {client.id: client for client in clients}
    return Parts(
        url=url,
        upstream=Upstream(fhir),
        clients=known,
        grants=Grants(clock, access_seconds),
        proving=Proving(known, f"{url}/auth/token", clock),
        signer=signer or Signer(),
        clock=clock,
        practice=practice,
    )
