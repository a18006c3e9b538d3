-- Joins over bounded input: only the final rows.
CREATE TABLE clicks (id INT, page STRING, ms BIGINT, tag STRING)
  WITH ('connector' = 'filesystem', 'path' = 'clicks.jsonl', 'format' = 'json');
CREATE TABLE visits (page STRING, `user` INT, ms BIGINT)
  WITH ('connector' = 'filesystem', 'path' = 'visits.jsonl', 'format' = 'json');
CREATE TABLE orders (id INT, who STRING, amount DECIMAL(10, 2), `at` BIGINT)
  WITH ('connector' = 'filesystem', 'path' = 'orders.jsonl', 'format' = 'debezium-json');
CREATE TABLE people (who STRING, city STRING, level INT)
  WITH ('connector' = 'filesystem', 'path' = 'people.jsonl', 'format' = 'debezium-json');

SELECT * FROM clicks c LEFT JOIN visits v ON c.page = v.page AND c.ms < v.ms;
SELECT * FROM clicks FULL JOIN visits USING (page);
SELECT c.id, v.`user`, c.ms + v.ms AS ms FROM clicks c, visits v WHERE c.ms > v.ms;
SELECT COUNT(*) AS n FROM clicks CROSS JOIN visits;
SELECT c.id, v.`user` FROM clicks c LEFT JOIN visits v ON c.ms = v.ms OR c.id = v.`user`;
SELECT o.id, p.city FROM orders o FULL JOIN people p ON o.who = p.who AND o.amount > p.level;
SELECT p.city, COUNT(*) AS n, SUM(o.amount) AS total FROM orders o LEFT JOIN people p ON o.who = p.who GROUP BY p.city;
SELECT * FROM orders o JOIN people p ON o.who = p.who;
