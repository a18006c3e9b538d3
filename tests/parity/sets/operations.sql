-- UNION, INTERSECT and EXCEPT over streams and changelogs; INTERSECT binds closer than the others.
SET 'execution.runtime-mode' = 'streaming';
CREATE TABLE bids (
  id INT, k STRING, v INT, price DECIMAL(10, 2), `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'bids.jsonl', 'format' = 'json');
CREATE TABLE orders (
  id INT, who STRING, amount DECIMAL(10, 2), `at` BIGINT
) WITH ('connector' = 'filesystem', 'path' = 'orders.jsonl', 'format' = 'debezium-json');

SELECT k FROM bids UNION SELECT who FROM orders;
SELECT k, v FROM bids UNION DISTINCT SELECT k, v FROM bids WHERE v > 5;
SELECT k, v FROM bids INTERSECT SELECT k, v FROM bids WHERE id > 5;
SELECT k, v FROM bids INTERSECT ALL SELECT k, v FROM bids WHERE id > 5;
SELECT k, v FROM bids EXCEPT SELECT k, v FROM bids WHERE id > 5;
SELECT k, v FROM bids EXCEPT ALL SELECT k, v FROM bids WHERE id > 5;
SELECT k, COUNT(*) AS n FROM bids GROUP BY k INTERSECT SELECT k, COUNT(*) FROM bids WHERE v > 2 GROUP BY k;
SELECT k, COUNT(*) AS n FROM bids GROUP BY k EXCEPT SELECT k, COUNT(*) FROM bids WHERE v > 2 GROUP BY k;
SELECT id, amount FROM orders EXCEPT SELECT id, amount FROM orders WHERE amount > 15;
SELECT who FROM orders EXCEPT ALL SELECT who FROM orders WHERE amount > 15;
SELECT who FROM orders INTERSECT ALL SELECT who FROM orders WHERE id <> 2;
SELECT v FROM bids WHERE id < 4 UNION ALL SELECT v FROM bids WHERE id > 9 INTERSECT SELECT v FROM bids;
SELECT v FROM bids UNION ALL SELECT v FROM bids EXCEPT ALL SELECT v FROM bids;
SELECT v FROM bids EXCEPT (SELECT v FROM bids WHERE v > 5 UNION SELECT v FROM bids WHERE v < 2);
(SELECT v FROM bids INTERSECT SELECT id FROM bids) EXCEPT SELECT 5;
SELECT id AS x, price FROM bids INTERSECT SELECT CAST(id AS BIGINT), CAST(price AS DECIMAL(12, 4)) FROM bids WHERE id < 4;
WITH a AS (SELECT k FROM bids WHERE v > 5), b AS (SELECT k FROM bids WHERE v < 3) SELECT k FROM a EXCEPT SELECT k FROM b;
