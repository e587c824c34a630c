"""The same files and questions on a Spark cluster (分布式计算), once one machine is not enough; see docs/analysis.md.

Whoever has a cluster installs pyspark of its version and says where it is (`HEZHI_SPARK`); the folder of files must be seen
by the workers under the same path. The session is made on the first question and kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.conf import settings

from hezhi.engines.analysis.cube import store
from hezhi.engines.analysis.cube.facts import COLUMNS, MEASURES

WHOLE = ("x", "y", *MEASURES)
SCHEMA = ", ".join(f"{name} {'int' if name in WHOLE else 'date' if name == 'day' else 'string'}" for name in COLUMNS)


@lru_cache(maxsize=1)
def session() -> Any:
    """The one session of this process on the cluster of the settings."""
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(settings.HEZHI_SPARK).appName("hezhi-analysis")
    for name, value in settings.HEZHI_SPARK_OPTIONS.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def leave() -> None:
    """Give the cluster back; the next question makes a new session."""
    if session.cache_info().currsize:
        session().stop()
        session.cache_clear()


def answer(
    cube: str,
    files: Sequence[str],
    more: Sequence[Sequence[Any]],
    where: Sequence[tuple[str, tuple[str, ...]]],
    sql: str,
) -> list[tuple[Any, ...]]:
    """Rows of a question to these files, as far as they lie within the limits, together with more facts in hand."""
    spark = session()
    facts = spark.createDataFrame([tuple(store.told(value) for value in row) for row in more], SCHEMA)
    if files:
        kept = spark.read.schema(SCHEMA).parquet(*store.paths(cube, files)).where(store.limited(where))
        facts = kept.select(*COLUMNS).unionByName(facts)
    facts.createOrReplaceTempView("facts")
    return [tuple(row) for row in spark.sql(sql).collect()]
