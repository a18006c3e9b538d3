-- The same over bounded input: the result comes once, at the end.
SET 'execution.runtime-mode' = 'batch';
CREATE TABLE bids (
  id INT, k STRING, v INT, price DECIMAL(10, 2), `at` TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = 'bids.jsonl', 'format' = 'json');

SELECT k, v FROM bids UNION SELECT k, v FROM bids WHERE v > 5;
SELECT k FROM bids INTERSECT SELECT k FROM bids WHERE id > 5;
SELECT k FROM bids INTERSECT ALL SELECT k FROM bids WHERE id > 5;
SELECT k, v FROM bids EXCEPT SELECT k, v FROM bids WHERE id > 5;
SELECT k FROM bids EXCEPT ALL SELECT k FROM bids WHERE id > 8;
SELECT k, n FROM (SELECT k, COUNT(*) AS n FROM bids GROUP BY k) EXCEPT SELECT 'a', 5;
SELECT id, v FROM (SELECT id, v FROM bids ORDER BY v DESC, id LIMIT 4) WHERE id > 2;
SELECT id FROM (SELECT id, v FROM bids ORDER BY v, id DESC LIMIT 5 OFFSET 2) UNION ALL (SELECT id FROM bids ORDER BY id DESC LIMIT 2);
SELECT COUNT(*) FROM (SELECT id FROM bids ORDER BY v LIMIT 4);
SELECT * FROM (VALUES (1, 'x'), (2, 'y'), (CAST(NULL AS INT), 'z')) AS t(a, b) WHERE a > 1 OR a IS NULL;
