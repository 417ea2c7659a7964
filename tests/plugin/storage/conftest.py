"""Storage beside its ports: codec, column types, connections, migrations."""

from tests.contract.storage.databases import (  # noqa: F401  (fixtures)
    database,
    database_url,
    postgres_template,
    rows,
    sqlite_template,
)
