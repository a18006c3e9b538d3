-- Without GROUP BY there is one group, from its first row on.
SET 'execution.runtime-mode' = 'streaming';
CREATE TABLE bids (
  id INT, k STRING, v INT, price DECIMAL(10, 2), `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'bids.jsonl', 'format' = 'json');

SELECT COUNT(*) AS n, SUM(v) AS s, COUNT(DISTINCT k) AS d FROM bids;
SELECT COUNT(*) AS n, MAX(v) AS hi FROM bids WHERE v > 1000;
