-- IN, EXISTS and scalar subqueries, with NULLs on both sides, over inserts and changes.
SET 'execution.runtime-mode' = 'streaming';
CREATE TABLE clicks (id INT, page STRING, ms BIGINT, tag STRING)
  WITH ('connector' = 'filesystem', 'path' = 'clicks.jsonl', 'format' = 'json');
CREATE TABLE visits (page STRING, `user` INT, ms BIGINT)
  WITH ('connector' = 'filesystem', 'path' = 'visits.jsonl', 'format' = 'json');
CREATE TABLE orders (id INT, who STRING, amount DECIMAL(10, 2), `at` BIGINT)
  WITH ('connector' = 'filesystem', 'path' = 'orders.jsonl', 'format' = 'debezium-json');
CREATE TABLE people (who STRING, city STRING, level INT)
  WITH ('connector' = 'filesystem', 'path' = 'people.jsonl', 'format' = 'debezium-json');

SELECT id FROM clicks WHERE page IN (SELECT page FROM visits WHERE ms > 3);
SELECT id FROM clicks WHERE page NOT IN (SELECT page FROM visits WHERE page IS NOT NULL);
SELECT id FROM clicks WHERE page NOT IN (SELECT page FROM visits);
SELECT id FROM clicks c WHERE EXISTS (SELECT 1 FROM visits v WHERE v.page = c.page AND v.ms > c.ms);
SELECT id FROM clicks c WHERE NOT EXISTS (SELECT * FROM visits WHERE visits.page = c.page) AND id > 1;
SELECT id FROM clicks WHERE (page, ms) IN (SELECT page, ms FROM visits);
SELECT id, (SELECT COUNT(*) FROM visits v WHERE v.page = c.page) AS n FROM clicks c;
SELECT id FROM clicks WHERE ms > (SELECT AVG(ms) FROM visits);
SELECT o.id FROM orders o WHERE o.who IN (SELECT p.who FROM people p WHERE p.level > 1);
SELECT o.id FROM orders o WHERE NOT EXISTS (SELECT 1 FROM people p WHERE p.who = o.who);
SELECT o.id, (SELECT MAX(p.level) FROM people p WHERE p.who = o.who) AS level FROM orders o;
SELECT o.id FROM orders o WHERE o.amount > (SELECT MIN(level) FROM people) AND o.who NOT IN (SELECT who FROM people WHERE who IS NOT NULL);
