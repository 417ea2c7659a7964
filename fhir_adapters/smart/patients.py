"""The patient of a launch, as the person who launched may see them: read once, with that person's own token."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from http import HTTPStatus

from fhir_adapters.auth import Bearer
from fhir_adapters.ehr import resolver
from fhir_adapters.http import FhirHttp
from fhir_adapters.mapping import Mapped, MappingRules, map_resource
from fhir_adapters.servers.openemr.http import OpenEmrHttp
from plugin.domain.errors import NotFound, Unauthorized
from plugin.domain.launch import Tokens
from plugin.domain.record import Patient
from plugin.outbound import Circuit, Terms


class Patients:
    """Of one server. What it is like is known by its discovery alone; an OpenEMR may put PHP's warnings before its JSON."""

    def __init__(self, fhir_base: str, terms: Terms) -> None:
        self._base = fhir_base
        self._terms = terms
        self._circuit = Circuit()

    def seen(self, tokens: Tokens, ref: str, *, is_openemr: bool) -> Patient | None:
        """None where there is none, or not for this person. Raises Refused for a token that does not hold, NotFhir."""
        read = self._from_openemr if is_openemr else self._from_fhir
        try:
            resource = read(tokens, ref)
        except NotFound:
            return None
        except Unauthorized as error:
            if error.status_code == HTTPStatus.FORBIDDEN:
                return None
            raise
        if resource is None:
            return None
        mapped = map_resource(resource, MappingRules(resolve=resolver(self._base)), {})
        fact = mapped.fact if isinstance(mapped, Mapped) else None
        return fact if isinstance(fact, Patient) and fact.ref == ref else None

    def _from_fhir(self, tokens: Tokens, ref: str) -> Mapping[str, object]:
        with closing(FhirHttp(self._base, Bearer(tokens.access), terms=self._terms, circuit=self._circuit)) as http:
            return http.get(ref)

    def _from_openemr(self, tokens: Tokens, ref: str) -> Mapping[str, object] | None:
        type_, _, id_ = ref.partition("/")
        with closing(OpenEmrHttp(self._base, Bearer(tokens.access), terms=self._terms, circuit=self._circuit)) as http:
            return http.read(type_, id_)
