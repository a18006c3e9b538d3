"""Runs pipelines on Spark: the typed plan as one readable PySpark program.

What stands in the tables of `lowering` was compared with Flink's rows; all else is refused by name.
"""

from pathlib import Path

from tidemill.runners.spark.program import SparkProgram, spark_program

DRIVER = Path(__file__).parent / "driver" / "run.py"
"""What runs programs in Spark's environment."""

__all__ = ["DRIVER", "SparkProgram", "spark_program"]
