-- The event time of a row stays a time attribute behind TUMBLE, HOP and CUMULATE: the last row of a window by time, with
-- ties; OVER, a join on time and windows of the older form over it.
SET 'execution.runtime-mode' = 'streaming';
CREATE TABLE bids (
  id INT, `at` TIMESTAMP(3), item STRING, price BIGINT,
  WATERMARK FOR `at` AS `at` - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'bids.jsonl', 'format' = 'json');

CREATE TABLE ties (
  id INT, `at` TIMESTAMP(3), item STRING,
  WATERMARK FOR `at` AS `at`
) WITH ('connector' = 'filesystem', 'path' = 'ties.jsonl', 'format' = 'json');

SELECT id, item, window_end, rn FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY `at` DESC) AS rn
  FROM TABLE(TUMBLE(TABLE ties, DESCRIPTOR(`at`), INTERVAL '7' SECOND, INTERVAL '2' SECOND))) WHERE rn <= 1;

SELECT id, item, window_end FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, item ORDER BY `at` ASC) AS rn
  FROM TABLE(HOP(TABLE ties, DESCRIPTOR(`at`), INTERVAL '2' SECOND, INTERVAL '4' SECOND))) WHERE rn = 1;

SELECT id, item, window_end, rn FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY `at` DESC) AS rn
  FROM TABLE(TUMBLE(TABLE ties, DESCRIPTOR(`at`), INTERVAL '7' SECOND))) WHERE rn <= 2;

SELECT id, window_end, COUNT(*) OVER (PARTITION BY item, window_end ORDER BY `at`) AS so_far
FROM TABLE(CUMULATE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '5' SECOND, INTERVAL '10' SECOND));

SELECT TUMBLE_START(`at`, INTERVAL '20' SECOND) AS s, COUNT(*) AS n, COUNT(DISTINCT item) AS items
FROM TABLE(HOP(TABLE bids, DESCRIPTOR(`at`), INTERVAL '5' SECOND, INTERVAL '10' SECOND))
GROUP BY TUMBLE(`at`, INTERVAL '20' SECOND);

SELECT window_end, TUMBLE_END(`at`, INTERVAL '20' SECOND) AS e, COUNT(*) AS n, SUM(price) AS total
FROM TABLE(CUMULATE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '5' SECOND, INTERVAL '10' SECOND))
GROUP BY window_end, TUMBLE(`at`, INTERVAL '20' SECOND);

SELECT a.id, b.id AS other, a.window_start
FROM TABLE(TUMBLE(TABLE ties, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) a
JOIN ties b ON a.item = b.item AND b.`at` BETWEEN a.`at` - INTERVAL '5' SECOND AND a.`at` + INTERVAL '5' SECOND;
