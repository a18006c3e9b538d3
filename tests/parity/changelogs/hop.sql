-- Hops over a changelog.
CREATE TABLE orders (
  id INT, who STRING, amount DECIMAL(10, 2), `at` BIGINT,
  ts AS CAST(TO_TIMESTAMP_LTZ(`at`, 3) AS TIMESTAMP(3)),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'orders.jsonl', 'format' = 'debezium-json');

SELECT window_start, COUNT(*) AS n, SUM(amount) AS total, MIN(amount) AS low FROM TABLE(HOP(TABLE orders, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
