-- Aggregates of constants whose rows are taken back.
SET 'execution.runtime-mode' = 'streaming';
CREATE TABLE orders (
  id INT, who STRING, amount DECIMAL(10, 2), `at` BIGINT,
  ts AS CAST(TO_TIMESTAMP_LTZ(`at`, 3) AS TIMESTAMP(3)),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'orders.jsonl', 'format' = 'debezium-json');

SELECT who, LISTAGG('x') AS l, FIRST_VALUE(7) AS f, LAST_VALUE(DATE '2026-01-01') AS d FROM orders GROUP BY who;
SELECT who, x, COUNT(*) AS n FROM (SELECT who, COLLECT('x') AS m FROM orders GROUP BY who) CROSS JOIN UNNEST(m) AS u(x) GROUP BY who, x;
