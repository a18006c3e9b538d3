-- GROUPING SETS, ROLLUP and CUBE in windows and over streams, with GROUPING and its like; DISTINCT and WHERE of windows.
CREATE TABLE bids (
  id INT, `at` TIMESTAMP(3), item STRING, price BIGINT,
  WATERMARK FOR `at` AS `at` - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'bids.jsonl', 'format' = 'json');

SELECT window_start, window_end, item, price, COUNT(*) AS n, GROUPING(item) AS gi, GROUPING_ID(item, price) AS gip
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '20' SECOND))
GROUP BY window_start, window_end, GROUPING SETS ((item), (price), ());

SELECT window_start, window_end, item, COUNT(*) AS n
FROM TABLE(HOP(TABLE bids, DESCRIPTOR(`at`), INTERVAL '10' SECOND, INTERVAL '20' SECOND))
GROUP BY GROUPING SETS ((window_start, window_end, item), (window_start, window_end));

SELECT window_start, item, COUNT(*) AS n
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '20' SECOND))
GROUP BY ROLLUP (window_start, item);

SELECT item, price, COUNT(*) AS n, COUNT(item) AS items, SUM(price) AS total, GROUPING(price, item) AS g
FROM bids GROUP BY CUBE (item, price);

SELECT item, price / 10 AS tens, COUNT(*) AS n, GROUP_ID() AS g
FROM bids GROUP BY GROUPING SETS ((item, price / 10), (price / 10, item), (item));

SELECT item, id > 7 AS late, MAX(price) AS high
FROM bids GROUP BY item, ROLLUP (id > 7) HAVING GROUPING(id > 7) = 1 OR MAX(price) > 10;

SELECT item, COUNT(*) AS n, GROUPING(item) AS g FROM bids WHERE id > 100 GROUP BY GROUPING SETS ((item), ());

SELECT item, COUNT(*) AS n, GROUPING(item) AS g, GROUP_ID() AS i FROM bids GROUP BY item;

SELECT DISTINCT window_start, window_end, item
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '20' SECOND));

SELECT DISTINCT item, window_start
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '20' SECOND));

SELECT window_start, window_end, COUNT(*) AS n
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '10' SECOND))
WHERE window_start > TIMESTAMP '2026-01-01 00:00:05' AND price IS NOT NULL GROUP BY window_start, window_end;

SELECT window_end, COUNT(*) AS n
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) GROUP BY window_end;

SELECT HOP_START(`at`, INTERVAL '3' SECOND, INTERVAL '10' SECOND) AS s, HOP_END(`at`, INTERVAL '3' SECOND, INTERVAL '10' SECOND) AS e, HOP_ROWTIME(`at`, INTERVAL '3' SECOND, INTERVAL '10' SECOND) AS r, COUNT(*) AS n
FROM bids GROUP BY HOP(`at`, INTERVAL '3' SECOND, INTERVAL '10' SECOND);
