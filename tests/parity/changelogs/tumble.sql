-- Windows over a changelog: a row taken back leaves its window.
CREATE TABLE orders (
  id INT, who STRING, amount DECIMAL(10, 2), `at` BIGINT,
  ts AS CAST(TO_TIMESTAMP_LTZ(`at`, 3) AS TIMESTAMP(3)),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'orders.jsonl', 'format' = 'debezium-json');

SELECT window_start, window_end, who, COUNT(*) AS n, SUM(amount) AS total FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '5' SECOND)) GROUP BY window_start, window_end, who;
