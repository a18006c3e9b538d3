-- OVER in the order of any key: a changelog; also over changes.
SET 'execution.runtime-mode' = 'streaming';
CREATE TABLE ticks (
  id INT, k STRING, v INT, price DECIMAL(10, 2), d DOUBLE, `at` TIMESTAMP(3), pt AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'ticks.jsonl', 'format' = 'json');
CREATE TABLE orders (
  id INT, who STRING, amount DECIMAL(10, 2), `at` BIGINT
) WITH ('connector' = 'filesystem', 'path' = 'orders.jsonl', 'format' = 'debezium-json');

SELECT id, SUM(id) OVER w AS s, COUNT(*) OVER w AS n, MAX(d) OVER w AS hi FROM ticks WINDOW w AS (PARTITION BY k ORDER BY v);
SELECT id, ROW_NUMBER() OVER (PARTITION BY k ORDER BY price) AS rn FROM ticks WHERE id <> 8;
SELECT id, SUM(id) OVER (PARTITION BY k ORDER BY v ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS s FROM ticks WHERE id <> 3 AND id < 6;
SELECT id, SUM(amount) OVER (PARTITION BY who ORDER BY id) AS s FROM orders;
