-- OVER in a query with GROUP BY: over the results of the aggregate.
SET 'execution.runtime-mode' = 'streaming';
CREATE TABLE bids (
  id INT, `at` TIMESTAMP(3), item STRING, price BIGINT,
  WATERMARK FOR `at` AS `at` - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'path' = '../windows/bids.jsonl', 'format' = 'json');

SELECT * FROM (
  SELECT window_start, window_end, item, SUM(price) AS total, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY SUM(price) DESC) AS place
  FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '5' SECOND)) GROUP BY window_start, window_end, item
) WHERE place <= 1;
SELECT window_time, item, COUNT(*) + SUM(COUNT(*)) OVER (PARTITION BY item ORDER BY window_time) AS n
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '5' SECOND)) GROUP BY window_start, window_end, window_time, item HAVING COUNT(*) < 3;
SELECT * FROM (SELECT item, COUNT(*) AS n, ROW_NUMBER() OVER (ORDER BY COUNT(*) DESC, item) AS place FROM bids GROUP BY item) WHERE place <= 2;
