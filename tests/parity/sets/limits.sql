-- ORDER BY ... LIMIT over streams is a Top-N of all rows; VALUES, TABLE and WITH in FROM.
SET 'execution.runtime-mode' = 'streaming';
CREATE TABLE bids (
  id INT, k STRING, v INT, price DECIMAL(10, 2), `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'bids.jsonl', 'format' = 'json');
CREATE TABLE orders (
  id INT, who STRING, amount DECIMAL(10, 2), `at` BIGINT
) WITH ('connector' = 'filesystem', 'path' = 'orders.jsonl', 'format' = 'debezium-json');
CREATE VIEW few AS TABLE bids;

SELECT id, v FROM bids ORDER BY v DESC, id LIMIT 4;
SELECT id, v FROM bids ORDER BY v, id DESC LIMIT 3 OFFSET 2;
SELECT id FROM (SELECT id, v FROM bids ORDER BY v DESC, id LIMIT 5) WHERE v < 9;
SELECT COUNT(*), SUM(v) FROM (SELECT v FROM bids ORDER BY v NULLS LAST LIMIT 6);
SELECT k, SUM(v) FROM (SELECT k, v FROM bids ORDER BY v DESC, id LIMIT 6) GROUP BY k;
SELECT k, n FROM (SELECT k, COUNT(*) AS n FROM bids GROUP BY k) ORDER BY n DESC, k LIMIT 2;
SELECT k, n FROM (SELECT k, COUNT(*) AS n FROM bids GROUP BY k) ORDER BY n DESC, k LIMIT 1 OFFSET 1;
SELECT id, amount FROM orders ORDER BY amount, id LIMIT 2;
SELECT id FROM bids LIMIT 3;
SELECT COUNT(*) FROM (SELECT id FROM bids LIMIT 5);
SELECT id FROM (SELECT id FROM bids LIMIT 4 OFFSET 2) WHERE id <> 5;
SELECT id FROM (SELECT id, v FROM bids ORDER BY v) WHERE v > 5;
(SELECT id FROM bids ORDER BY v, id LIMIT 2) UNION ALL (SELECT id FROM bids ORDER BY v DESC, id LIMIT 2);
SELECT a, b FROM (VALUES (1, 'x'), (2, 'y'), (CAST(NULL AS INT), 'z')) AS t(a, b) WHERE a > 1 OR a IS NULL;
WITH v(a, b) AS (VALUES (1, 2.5), (3, 0.25)), w AS (SELECT a FROM v WHERE b < 1) SELECT * FROM w UNION ALL SELECT id FROM bids WHERE id < 3;
SELECT * FROM (WITH x AS (SELECT id FROM bids WHERE v > 7) SELECT id + 1 AS y FROM x) WHERE y > 3;
TABLE orders;
SELECT COUNT(*) FROM (TABLE few) WHERE v > 7;
WITH x AS (SELECT id FROM bids WHERE v > 7) TABLE x UNION ALL (SELECT id FROM bids WHERE v < 0);
WITH x AS (SELECT id FROM bids WHERE v > 7) SELECT k, v FROM bids WHERE id IN (TABLE x);
