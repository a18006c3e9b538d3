-- A hop with an offset.
CREATE TABLE bids (
  id INT, `at` TIMESTAMP(3), item STRING, price BIGINT,
  WATERMARK FOR `at` AS `at` - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'bids.jsonl', 'format' = 'json');

SELECT window_start, window_end, item, COUNT(*) AS n, COUNT(price) AS prices, SUM(price) AS total, AVG(price) AS mean, MIN(price) AS low, MAX(price) AS high
FROM TABLE(HOP(TABLE bids, DESCRIPTOR(`at`), INTERVAL '5' SECOND, INTERVAL '10' SECOND, INTERVAL '2' SECOND))
GROUP BY window_start, window_end, item;
