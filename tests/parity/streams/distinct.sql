-- DISTINCT rows, DISTINCT aggregates and FILTER over a stream.
SET 'execution.runtime-mode' = 'streaming';
CREATE TABLE bids (
  id INT, k STRING, v INT, price DECIMAL(10, 2), `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'bids.jsonl', 'format' = 'json');

SELECT DISTINCT k, v FROM bids;
SELECT k, COUNT(DISTINCT v) AS d, SUM(DISTINCT v) AS s, AVG(DISTINCT v) AS m, COUNT(DISTINCT price) AS p FROM bids GROUP BY k;
SELECT k, COUNT(*) FILTER (WHERE v > 4) AS n, COUNT(DISTINCT v) FILTER (WHERE v > 4) AS d, SUM(v) FILTER (WHERE v > 100) AS s FROM bids GROUP BY k;
