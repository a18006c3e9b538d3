-- A row is late for some of its windows only.
CREATE TABLE bids (
  id INT, `at` TIMESTAMP(3), item STRING, price BIGINT,
  WATERMARK FOR `at` AS `at` - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'bids.jsonl', 'format' = 'json');

SELECT window_start, window_end, item, COUNT(*) AS n, COUNT(price) AS prices, SUM(price) AS total, AVG(price) AS mean, MIN(price) AS low, MAX(price) AS high
FROM TABLE(HOP(TABLE bids, DESCRIPTOR(`at`), INTERVAL '5' SECOND, INTERVAL '15' SECOND))
GROUP BY window_start, window_end, item;
