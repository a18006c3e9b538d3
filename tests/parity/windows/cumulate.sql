-- Windows that grow by a step: with keys, offsets of either sign, one step only, rows alone.
CREATE TABLE bids (
  id INT, `at` TIMESTAMP(3), item STRING, price BIGINT,
  WATERMARK FOR `at` AS `at` - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'bids.jsonl', 'format' = 'json');

SELECT window_start, window_end, window_time, item, COUNT(*) AS n, SUM(price) AS total, COUNT(DISTINCT price) AS prices, MIN(price) AS low
FROM TABLE(CUMULATE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '5' SECOND, INTERVAL '20' SECOND))
GROUP BY window_start, window_end, window_time, item;

SELECT window_start, window_end, COUNT(*) AS n
FROM TABLE(CUMULATE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '2' SECOND, INTERVAL '8' SECOND, INTERVAL '3' SECOND))
GROUP BY window_start, window_end;

SELECT window_start, window_end, COUNT(*) AS n
FROM TABLE(CUMULATE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '2' SECOND, INTERVAL '6' SECOND, INTERVAL -'3' SECOND))
GROUP BY window_start, window_end;

SELECT window_start, window_end, COUNT(*) AS n
FROM TABLE(CUMULATE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '10' SECOND, INTERVAL '10' SECOND))
GROUP BY window_start, window_end;

SELECT id, window_start, window_end, window_time
FROM TABLE(CUMULATE(DATA => TABLE bids, TIMECOL => DESCRIPTOR(`at`), STEP => INTERVAL '5' SECOND, SIZE => INTERVAL '20' SECOND, `OFFSET` => INTERVAL '3' SECOND))
WHERE price IS NOT NULL;
