"""Which call goes where below ``/apis/default``, and who is let in."""

from __future__ import annotations

from deploy.openemr.recorded import task_module
from deploy.openemr.recorded.access import NO_PERMISSION, Denied, Permits
from deploy.openemr.recorded.answer import CACHING, JSON, STOPPED, Answer, json_answer
from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.errors import Failure, NoRoute, Page
from deploy.openemr.recorded.fhir import let_in, read, search, searchable
from deploy.openemr.recorded.fhir_patients import create
from deploy.openemr.recorded.metadata import metadata
from deploy.openemr.recorded.request import Call
from deploy.openemr.recorded.resources.shape import Address, Scene
from deploy.openemr.recorded.standard import routes as standard
from deploy.openemr.recorded.standard.reply import Desk

METADATA_S = 0.3


class Api:
    """The API of one clinic. ``site`` is where it stands, without a slash at the end."""

    def __init__(self, clinic: Clinic, permits: Permits, site: str, *, is_behind_apache: bool = True) -> None:
        self.clinic = clinic
        self._permits = permits
        self._site = site
        self._is_behind_apache = is_behind_apache

    def answer(self, call: Call) -> Answer:
        """Never raises: what goes wrong is worded as OpenEMR does."""
        try:
            return self._routed(call)
        except (Denied, Failure) as refused:
            return json_answer(refused.status, refused.body())
        except Page as page:
            return Answer(
                page.status, page.html.encode(), page.content_type, CACHING if page.content_type == JSON else STOPPED
            )

    def _routed(self, call: Call) -> Answer:
        kind, _, rest = call.path.partition("/")
        if kind == "fhir":
            return self._fhir(call, rest)
        if kind == "api":
            return self._standard(call, rest)
        raise Failure(403, NO_PERMISSION)

    def _fhir(self, call: Call, rest: str) -> Answer:
        if call.method in ("OPTIONS", "HEAD"):
            raise NoRoute
        if (call.method, rest) == ("GET", "metadata"):
            return json_answer(200, metadata(f"{self._site}/apis/default/fhir", self.clinic.now().date()), METADATA_S)
        permit = self._permits.permit(call.authorization)
        name, _, id_ = rest.partition("/")
        if name == "Task" and self.clinic.has_task_module:
            return task_module.answer(call, permit, id_)
        if (call.method, rest) == ("POST", "Patient"):
            return create(self.clinic, permit, call.json)
        resource = searchable(name)
        scene = Scene(self.clinic, Address(self._site, self._redirected(call)), self.clinic.wall.offset())
        if (call.method, id_) in (("GET", ""), ("POST", "_search")):
            return search(scene, resource, let_in(self.clinic, permit, resource, "s"), call.given)
        if call.method == "GET" and "/" not in id_:
            return read(scene, resource, let_in(self.clinic, permit, resource, "r"), id_)
        raise NoRoute

    def _standard(self, call: Call, rest: str) -> Answer:
        if call.method in ("OPTIONS", "HEAD"):
            raise NoRoute
        permit = self._permits.permit(call.authorization)
        return standard.answer(Desk(self.clinic, call, permit, self._site + self._redirected(call)), rest)

    def _redirected(self, call: Call) -> str:
        return f"/apis/default/{call.path}" if self._is_behind_apache else ""
