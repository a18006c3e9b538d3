-- Watermarks advance on rows that the query drops.
CREATE TABLE bids (
  id INT, `at` TIMESTAMP(3), item STRING, price BIGINT,
  WATERMARK FOR `at` AS `at` - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'bids.jsonl', 'format' = 'json');

SELECT window_start, COUNT(*) AS n
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '5' SECOND))
WHERE item = 'b' GROUP BY window_start, window_end;
