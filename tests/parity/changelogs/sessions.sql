-- Sessions and cumulating windows over a changelog, in both forms; grouping sets.
CREATE TABLE orders (
  id INT, who STRING, amount DECIMAL(10, 2), `at` BIGINT,
  ts AS CAST(TO_TIMESTAMP_LTZ(`at`, 3) AS TIMESTAMP(3)),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'orders.jsonl', 'format' = 'debezium-json');

SELECT window_start, window_end, window_time, who, COUNT(*) AS n, SUM(amount) AS total, MIN(amount) AS low, COUNT(DISTINCT amount) AS amounts
FROM TABLE(SESSION(TABLE orders PARTITION BY who, DESCRIPTOR(ts), INTERVAL '5' SECOND)) GROUP BY window_start, window_end, window_time, who;

SELECT SESSION_START(ts, INTERVAL '2' SECOND) AS s, SESSION_END(ts, INTERVAL '2' SECOND) AS e, COUNT(*) AS n FROM orders GROUP BY SESSION(ts, INTERVAL '2' SECOND);

SELECT window_start, window_end, who, COUNT(*) AS n, SUM(amount) AS total, MAX(amount) AS high
FROM TABLE(CUMULATE(TABLE orders, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '20' SECOND)) GROUP BY window_start, window_end, who;

SELECT window_start, window_end, who, COUNT(*) AS n, GROUPING(who) AS g
FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, ROLLUP (who);

SELECT who, COUNT(*) AS n, SUM(amount) AS total, GROUPING(who) AS g FROM orders GROUP BY GROUPING SETS ((who), ());
