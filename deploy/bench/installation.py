"""Milepost as it is installed, on databases of its own: one template, and as many fresh copies as are measured."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from deploy.demo.generator.fhir import TAG_SYSTEM
from deploy.services.postgres import PostgresServer
from plugin import bootstrap
from plugin.config import Settings, settings
from plugin.domain.source import Source
from plugin.usecases.publish import publish_shipped
from plugin.usecases.services import Services
from plugin.usecases.sources import add_source, source_named

ZONE = "America/Chicago"
_TEMPLATE, _WORKING = "milepost_template", "milepost_working"


class BenchFailure(Exception):
    """Something that was to be measured did not happen; the figures would be worth nothing."""


@dataclass(frozen=True)
class Milepost:
    """One fresh Milepost: its services, its one source, and its settings."""

    services: Services
    source: Source
    settings: Settings

    @property
    def url(self) -> str:
        """Where its database is."""
        return self.settings.database_url


@dataclass(frozen=True)
class Installation:
    """Makes fresh ones. `key_file` is the key of all of them; `more` are settings that only some measurements need."""

    postgres: PostgresServer
    hapi_url: str
    key_file: Path
    more: Mapping[str, str] = field(default_factory=dict)

    def prepare(self) -> None:
        """Makes the template: migrated, programs published, nothing read."""
        self.postgres.execute(f"CREATE DATABASE {_TEMPLATE}")
        chosen = self.settings(self.postgres.url(_TEMPLATE))
        bootstrap.prepare(chosen)
        services = bootstrap.build(chosen)
        publish_shipped(services)
        services.database.close()

    def settings(self, url: str) -> Settings:
        """Those of production, but for where things are."""
        return settings(self.variables(url))

    def variables(self, url: str) -> Mapping[str, str]:
        """The same, as an environment has them."""
        return {
            "MILEPOST_DATABASE_URL": url.replace("+psycopg", ""),
            "MILEPOST_ZONE": ZONE,
            "MILEPOST_KEY_FILE": str(self.key_file),
            **self.more,
        }

    @property
    def url(self) -> str:
        """Of the one database that is made anew again and again: whoever works on it stays warm."""
        return self.postgres.url(_WORKING)

    @contextmanager
    def fresh(self, slug: str = "bench", tag: str = "") -> Iterator[Milepost]:
        """A Milepost that has read nothing yet, with this one source (of the practice with a tag, where one is given);
        its database is dropped afterwards. One at a time."""
        chosen = self.settings(self.url)
        only = {"_tag": f"{TAG_SYSTEM}|{tag}"} if tag else {}
        self.postgres.execute(f"CREATE DATABASE {_WORKING} TEMPLATE {_TEMPLATE}")
        services = services_on(chosen)
        try:
            source = add_source(services, Source(id=0, slug=slug, base_url=self.hapi_url, search_filter=only))
            yield Milepost(services, source, chosen)
        finally:
            services.database.close()
            self.postgres.execute(f"DROP DATABASE IF EXISTS {_WORKING} WITH (FORCE)")

    def found(self) -> Milepost:
        """What another process of ours made."""
        chosen = self.settings(self.url)
        services = services_on(chosen)
        return Milepost(services, source_named(services, None), chosen)


@cache
def services_on(chosen: Settings) -> Services:
    """What works on a database, as a worker builds it: once in a process."""
    return bootstrap.build(chosen)
