-- Rows of a changelog as they are.
CREATE TABLE orders (
  id INT, who STRING, amount DECIMAL(10, 2), `at` BIGINT,
  ts AS CAST(TO_TIMESTAMP_LTZ(`at`, 3) AS TIMESTAMP(3)),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'orders.jsonl', 'format' = 'debezium-json');

SELECT id, who, amount, ts FROM orders;
