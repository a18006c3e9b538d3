-- IN, EXISTS, ANY, ALL and scalar subqueries inside expressions, with NULLs on both sides; HAVING.
SET 'execution.runtime-mode' = 'streaming';
CREATE TABLE clicks (id INT, page STRING, ms BIGINT, tag STRING)
  WITH ('connector' = 'filesystem', 'path' = 'clicks.jsonl', 'format' = 'json');
CREATE TABLE visits (page STRING, `user` INT, ms BIGINT)
  WITH ('connector' = 'filesystem', 'path' = 'visits.jsonl', 'format' = 'json');
CREATE TABLE orders (id INT, who STRING, amount DECIMAL(10, 2), `at` BIGINT)
  WITH ('connector' = 'filesystem', 'path' = 'orders.jsonl', 'format' = 'debezium-json');
CREATE TABLE people (who STRING, city STRING, level INT)
  WITH ('connector' = 'filesystem', 'path' = 'people.jsonl', 'format' = 'debezium-json');

SELECT id FROM clicks WHERE page IN (SELECT page FROM visits WHERE ms > 3) OR (page, ms) IN (SELECT page, ms FROM visits) OR id > 3;
SELECT id FROM clicks WHERE NOT (page IN (SELECT page FROM visits) AND id > 1);
SELECT id FROM clicks WHERE page NOT IN (SELECT page FROM visits WHERE page IS NOT NULL) OR id = 2;
SELECT id, page IN (SELECT page FROM visits) AS a, page NOT IN (SELECT page FROM visits WHERE page IS NOT NULL) AS b FROM clicks;
SELECT id, EXISTS (SELECT 1 FROM visits v WHERE v.page = c.page AND v.ms > c.ms) AS b FROM clicks c WHERE (page IN (SELECT page FROM visits)) IS NOT TRUE OR tag = 'x';
SELECT id, ms >= ALL (SELECT ms FROM visits WHERE ms IS NOT NULL) AS a, ms < ANY (SELECT ms FROM visits) AS b FROM clicks WHERE id < 4 OR page = SOME (SELECT page FROM visits);
SELECT id FROM clicks c WHERE c.page IN (SELECT v.page FROM visits v WHERE v.ms > c.ms) OR (SELECT MAX(ms) FROM visits) - 8 IN (SELECT ms FROM visits);
SELECT o.id, CASE WHEN o.who IN (SELECT p.who FROM people p WHERE p.level > 1) THEN 'yes' WHEN NOT EXISTS (SELECT 1 FROM people p WHERE p.who = o.who) THEN 'none' ELSE 'no' END AS found FROM orders o;
SELECT page, COUNT(*) AS n, page IN (SELECT page FROM visits) AS a, COUNT(*) FILTER (WHERE ms IN (SELECT ms FROM visits)) AS m FROM clicks GROUP BY page HAVING COUNT(*) > (SELECT COUNT(*) FROM visits) - 6 OR MAX(id) IN (SELECT id FROM orders);
SELECT id, (SELECT ms FROM visits ORDER BY ms DESC LIMIT 1) AS m FROM clicks;
