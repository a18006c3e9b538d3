-- The table function alone: every row with its windows.
CREATE TABLE bids (
  id INT, `at` TIMESTAMP(3), item STRING, price BIGINT,
  WATERMARK FOR `at` AS `at` - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'bids.jsonl', 'format' = 'json');

SELECT id, window_start, window_end, window_time
FROM TABLE(HOP(TABLE bids, DESCRIPTOR(`at`), INTERVAL '5' SECOND, INTERVAL '10' SECOND));
