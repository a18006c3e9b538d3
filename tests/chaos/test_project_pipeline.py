"""`tidemill chaos PIPELINE`: a project's pipeline is fed, hurt, and its sinks computed anew."""

import time

import pytest

from tidemill.control.chaos.faults import FAULTS
from tidemill.control.chaos.model import ChaosRequest
from tidemill.control.chaos.project_pipeline.workspace import check_pipeline
from tidemill.control.chaos.run import Campaign
from tidemill.control.chaos.schedule import parse_schedule
from tidemill.errors import UserError
from tidemill.project import load_project

JDBC = (
    "'connector' = 'jdbc', 'url' = '${server:postgres.jdbc-url}', 'table-name' = 'shop_sales',"
    " 'username' = '${server:postgres.user}', 'password' = '${secret:postgres.password}'"
)
REDIS = "'connector' = 'redis', 'url' = 'redis://localhost', 'key' = '{window_start} {shop}'"
SALES = """
CREATE TABLE orders (id BIGINT, shop STRING, amount DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
WITH ('connector' = 'kafka', 'topic' = 'shop.orders', 'format' = 'json',
  'properties.bootstrap.servers' = '${server:kafka.bootstrap}',
  'properties.group.id' = 'sales', 'scan.startup.mode' = 'earliest-offset');
CREATE TABLE big (id BIGINT, shop STRING, amount DOUBLE)
WITH ('connector' = 'kafka', 'topic' = 'shop.big', 'format' = 'json',
  'properties.bootstrap.servers' = '${server:kafka.bootstrap}');
CREATE TABLE sales (window_start TIMESTAMP(3), shop STRING, total DOUBLE,
  PRIMARY KEY (window_start, shop) NOT ENFORCED)
WITH (JDBC);
EXECUTE STATEMENT SET BEGIN
INSERT INTO big SELECT id, shop, amount FROM orders WHERE amount > 500;
INSERT INTO sales SELECT window_start, shop, SUM(amount)
FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end, shop;
END;
""".replace("JDBC", JDBC)
SCHEDULE = """
wait=0.20 cut-network hold=0 of=kafka + wait=0 kill-at hold=0 point=after-decider-commit nth=1
"""
_PROJECT = "name: shop\nservers: {kafka: , postgres: }\npipelines: [sales.sql]\n"


def project(folder, text=SALES):
    (folder / "tidemill.yaml").write_text(_PROJECT)
    (folder / "sales.sql").write_text(text)
    return load_project(folder)


@pytest.mark.servers
@pytest.mark.timeout(600)
def test_a_pipeline_of_a_project_is_fed_hurt_and_computed_anew(chaos_servers, tmp_path):
    mine = project(tmp_path)
    check_pipeline(mine, "sales")
    schedule = parse_schedule(SCHEDULE.splitlines(), "slice")
    request = ChaosRequest(
        "sales", tmp_path, schedule=schedule, minutes=15, rate=1_000, recover_within_s=300
    )
    folder = tmp_path / ".tidemill" / "run"
    folder.mkdir(parents=True)
    runs = Campaign(request, mine, folder, chaos_servers, lambda _: None)
    result = runs.run(FAULTS, "slice", round(time.time() * 1000))
    assert result.holds, result.broken
    assert result.kills == 2
    assert result.rows > 0
    assert result.rows_out > 0
    assert result.left_out["poison"] == "it needs the built-in pipeline windows"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("'topic' = 'shop.orders'", "'topic-pattern' = 'shop.*'", "feeds Kafka topics only"),
        ("amount DOUBLE, ts TIMESTAMP(3)", "amount DOUBLE, ts AS TO_TIMESTAMP_LTZ(id, 3)",
         "event times that are columns"),
        (JDBC, REDIS, "checks sinks of"),
    ],
)  # fmt: skip
def test_what_cannot_be_fed_or_checked_is_refused_by_name(tmp_path, old, new, said):
    assert old in SALES
    with pytest.raises(UserError, match=said) as raised:
        check_pipeline(project(tmp_path, SALES.replace(old, new)), "sales")
    assert raised.value.code == "chaos.unsupported"
