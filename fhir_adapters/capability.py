"""What a server says it can do: its CapabilityStatement, asked once, kept, and shown to the administrator."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from fhir_adapters.http import FhirHttp, Resource
from fhir_adapters.servers.base import R4, Server
from plugin.domain.errors import CannotDo, NotFhir, NotFound, NotR4

_KEEPS_VERSIONS = ("versioned", "versioned-update")
_FOR_WRITE_BACK = ("read", "update", "search-type")


@dataclass(frozen=True, kw_only=True)
class TypeCapability:
    interactions: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    versioned: bool = False
    update_creates: bool | None = None
    """Whether a PUT to an id that does not exist creates it: our deterministic ids need it. None: not said, as by HAPI
    8.8.0, which does it."""


@dataclass(frozen=True, kw_only=True)
class Capability:
    """`as_json` and `from_json` are each other's inverse; no resource of the server is in it."""

    kind: str
    fhir_version: str
    software: str
    software_version: str
    system: tuple[str, ...]
    """What can be done at the base: transaction, batch, history-system, search-system."""
    types: Mapping[str, TypeCapability]
    address: str = ""
    """Where the server says that it is (`implementation.url`); empty where it does not say."""
    change_stamp: bool
    """Whether `meta.lastUpdated` says when a resource was last changed (DESIGN §1, *seen*)."""

    def can(self, type_: str, interaction: str) -> bool:
        return type_ in self.types and interaction in self.types[type_].interactions

    def searches(self, type_: str, parameter: str) -> bool:
        return type_ in self.types and parameter in self.types[type_].searches

    @property
    def transaction(self) -> bool:
        return "transaction" in self.system

    @property
    def history(self) -> bool:
        """Of every version of one resource; enough to see who changed our Task."""
        return self.can("Task", "history-instance")

    @property
    def subscription(self) -> bool:
        return self.can("Subscription", "create") or self.can("Subscription", "update")

    def missing_for_write_back(self) -> tuple[str, ...]:
        """What milestone Tasks need and the server does not offer, in words."""
        if "Task" not in self.types:
            return ("Task",)
        lacks = [f"Task {interaction}" for interaction in _FOR_WRITE_BACK if not self.can("Task", interaction)]
        if self.types["Task"].update_creates is False:
            lacks.append("creating a Task under an id of ours (updateCreate)")
        if not self.transaction:
            lacks.append("transaction")
        return tuple(lacks)

    def require_write_back(self, source: str) -> None:
        """Raises CannotDo, with what is missing, unless milestone Tasks can be written to the server itself."""
        missing = self.missing_for_write_back()
        if missing:
            raise CannotDo(
                f"Source {source}: milestone Tasks cannot be written there, its CapabilityStatement does not offer "
                f"{', '.join(missing)}. It can only be read."
            )

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def from_json(stored: Mapping[str, object]) -> Capability:
    """What `as_json` made; unknown keys of another version of Milepost are passed over, missing ones are empty."""
    types = stored.get("types")
    return Capability(
        kind=_text(stored, "kind"),
        fhir_version=_text(stored, "fhir_version"),
        software=_text(stored, "software"),
        software_version=_text(stored, "software_version"),
        system=_texts(stored.get("system")),
        types={str(name): _type_from_json(entry) for name, entry in types.items()}
        if isinstance(types, Mapping)
        else {},
        address=_text(stored, "address"),
        change_stamp=stored.get("change_stamp") is True,
    )


def probe(http: FhirHttp, server: Server = R4) -> Capability:
    """Asks for the CapabilityStatement. Raises NotFhir or NotR4 where the address is not that of a FHIR R4 server."""
    try:
        statement = http.get("metadata")
    except NotFound as error:
        raise NotFhir(f"There is no FHIR server at {http.base_url} (no metadata); check the path.") from error
    return capability_of(statement, server, http.base_url)


def capability_of(statement: Resource, server: Server, base_url: str) -> Capability:
    if statement.get("resourceType") != "CapabilityStatement":
        raise NotFhir(f"There is no FHIR server at {base_url}: its metadata is no CapabilityStatement.")
    version = _text(statement, "fhirVersion")
    if not version.startswith("4.0"):
        raise NotR4(
            f"The server at {base_url} speaks FHIR {version[:20] or 'of no stated version'}; Milepost needs R4 (4.0)."
        )
    rest = next((rest for rest in _records(statement.get("rest")) if rest.get("mode") == "server"), {})
    types = {_text(resource, "type"): _type_of(resource) for resource in _records(rest.get("resource"))}
    implementation = statement.get("implementation")
    software = statement.get("software")
    software = software if isinstance(software, dict) else {}
    return Capability(
        kind=server.kind,
        fhir_version=version,
        software=_text(software, "name")[:100],
        software_version=_text(software, "version")[:100],
        system=_codes(rest.get("interaction")),
        types=types,
        address=_text(implementation, "url")[:500] if isinstance(implementation, dict) else "",
        change_stamp=_is_change_stamp(server, types),
    )


def _is_change_stamp(server: Server, types: Mapping[str, TypeCapability]) -> bool:
    """Where the kind of server does not settle it: a server that keeps versions stamps each of them."""
    if server.change_stamp is not None:
        return server.change_stamp
    read = [types[name] for name in ("CarePlan", "Task", "Appointment") if name in types]
    return bool(read) and all(capability.versioned for capability in read)


def _type_of(resource: Mapping[str, object]) -> TypeCapability:
    return TypeCapability(
        interactions=_codes(resource.get("interaction")),
        searches=tuple(sorted(_text(search, "name") for search in _records(resource.get("searchParam")))),
        versioned=resource.get("versioning") in _KEEPS_VERSIONS,
        update_creates=_flag(resource.get("updateCreate")),
    )


def _type_from_json(stored: object) -> TypeCapability:
    entry = stored if isinstance(stored, Mapping) else {}
    return TypeCapability(
        interactions=_texts(entry.get("interactions")),
        searches=_texts(entry.get("searches")),
        versioned=entry.get("versioned") is True,
        update_creates=_flag(entry.get("update_creates")),
    )


def _records(value: object) -> Iterator[Mapping[str, object]]:
    yield from (entry for entry in value if isinstance(entry, dict)) if isinstance(value, list) else ()


def _codes(interactions: object) -> tuple[str, ...]:
    return tuple(sorted(code for entry in _records(interactions) if (code := _text(entry, "code"))))


def _texts(value: object) -> tuple[str, ...]:
    return tuple(text for text in value if isinstance(text, str)) if isinstance(value, list | tuple) else ()


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _text(record: Mapping[str, object], name: str) -> str:
    value = record.get(name)
    return value if isinstance(value, str) else ""
