"""The catalog of one table: opened, asked, and its errors told as ours.

The client library pyiceberg (extra `iceberg`) is imported here and in the modules that only an open
table needs. Its pool of threads is the process's; it is given back with the last open catalog.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tidemill.connectors.iceberg.options import IcebergOptions
from tidemill.errors import ConnectorError, TidemillError, Where
from tidemill.stores import is_store_url
from tidemill.stores.options import parse_options

if TYPE_CHECKING:
    from pyiceberg.catalog.sql import SqlCatalog
    from pyiceberg.table import Table

_lock = threading.Lock()
_opened = 0


class OpenCatalog:
    """A connection to the catalog of one table. `close` gives everything back."""

    def __init__(self, options: IcebergOptions) -> None:
        self.options = options
        self._catalog: SqlCatalog | None = None

    @property
    def catalog(self) -> SqlCatalog:
        """The catalog; it must be open."""
        if self._catalog is None:
            raise ConnectorError(
                f"{self.options.shown} is not open", code="connector.not-open", retryable=True
            )
        return self._catalog

    def open(self) -> None:
        """Connect; a catalog that is new gets its two tables."""
        if self._catalog is not None:
            return
        global _opened  # noqa: PLW0603 - counts the users of the library's own global
        if self.options.postgres is None and self.options.sqlite is None:
            raise ConnectorError(
                f"nobody says where the catalog of `{self.options.table.name}` is",
                code="connector.bad-option",
                where=Where(table=self.options.table.name),
                hint="Add 'uri' = 'jdbc:postgresql://host:port/database' to the WITH clause.",
            )
        with _lock:
            _opened += 1
        try:
            with translated(self.options):
                self._catalog = _connect(self.options)
        except BaseException:
            self._release()
            raise

    def load(self) -> Table | None:
        """The table as it stands now; None where there is none."""
        from pyiceberg.exceptions import NoSuchTableError  # noqa: PLC0415 - an extra

        with translated(self.options):
            try:
                return self.catalog.load_table(self.options.identifier)
            except NoSuchTableError:
                return None

    def close(self) -> None:
        """Close the connections. Does not raise."""
        catalog, self._catalog = self._catalog, None
        if catalog is not None:
            catalog.engine.dispose()
            self._release()

    def _release(self) -> None:
        global _opened  # noqa: PLW0603
        from pyiceberg.utils.concurrent import ExecutorFactory  # noqa: PLC0415 - an extra

        with _lock:
            _opened -= 1
            pool = ExecutorFactory._instance
            if _opened == 0 and pool is not None and ExecutorFactory._instance_pid == os.getpid():
                ExecutorFactory._instance = None
                pool.shutdown()


def _connect(options: IcebergOptions) -> SqlCatalog:
    try:
        from pyiceberg.catalog.sql import SqlCatalog  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConnectorError(
            "the iceberg connector needs the packages pyiceberg and sqlalchemy",
            code="connector.store-error",
            hint="Install them: pip install 'tidemill[iceberg]'",
        ) from error
    values = options.values
    given = {
        "uri": _database(options),
        "warehouse": values["warehouse"].rstrip("/"),
        "pool_pre_ping": "true",
    }
    if is_store_url(values["warehouse"]):
        given |= store_properties(options.table.options)
    return SqlCatalog(values["catalog-name"], **given)


def store_properties(options: Mapping[str, str]) -> dict[str, str]:
    """How the library reaches a store, by the `s3.*` options of a table."""
    reach = parse_options(options)
    properties = {
        "s3.endpoint": reach.endpoint,
        "s3.region": reach.region,
        "s3.access-key-id": reach.access_key,
        "s3.secret-access-key": reach.secret_key,
        "s3.session-token": reach.session_token,
        "s3.force-virtual-addressing": None if reach.path_style else "true",
    }
    return {key: value for key, value in properties.items() if value is not None}


def _database(options: IcebergOptions) -> str:
    from sqlalchemy import URL  # noqa: PLC0415 - an extra

    if options.sqlite is not None:
        return f"sqlite:///{options.sqlite}"
    target = options.postgres
    assert target is not None
    query = dict(target.parameters)
    if target.current_schema is not None:
        query["options"] = f"-csearch_path={target.current_schema}"
    url = URL.create(
        "postgresql+psycopg",
        options.values["jdbc.user"],
        options.values["jdbc.password"],
        target.host,
        target.port,
        target.database,
        query,
    )
    return str(url.render_as_string(hide_password=False))


@contextmanager
def translated(options: IcebergOptions) -> Iterator[None]:
    """Turn the errors of the library, the catalog's database and the store into ConnectorErrors."""
    try:
        yield
    except TidemillError:
        raise
    except Exception as error:
        raise translate(error, options) from error


def translate(error: Exception, options: IcebergOptions) -> ConnectorError:
    """The ConnectorError that says what happened."""
    from sqlalchemy.exc import OperationalError, SQLAlchemyError  # noqa: PLC0415 - an extra

    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    where = Where(table=options.table.name, server=options.shown)
    if isinstance(error, OperationalError):
        return ConnectorError(
            f"the catalog of {options.shown} cannot be reached: {first}",
            code="connector.unreachable",
            where=where,
            retryable=True,
            hint="Are the options 'uri', 'jdbc.user' and 'jdbc.password' right?",
        )
    if isinstance(error, SQLAlchemyError):
        return ConnectorError(
            f"the catalog of {options.shown} refused a statement: {first}",
            code="connector.store-error",
            where=where,
        )
    if isinstance(error, FileNotFoundError):
        return ConnectorError(
            f"a file of {options.shown} is gone: {first}",
            code="connector.bad-file",
            where=where,
            hint="Was it deleted, or its snapshot expired, while it was needed?",
        )
    if isinstance(error, OSError):
        return ConnectorError(
            f"the warehouse of {options.shown} cannot be read or written: {first}",
            code="connector.file-system",
            where=where,
            retryable=True,
        )
    return ConnectorError(
        f"{options.shown}: {first}", code="connector.store-error", where=where, retryable=False
    )
