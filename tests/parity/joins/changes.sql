-- Joins of changelogs: updates and deletes on both sides, padding that comes and goes.
SET 'execution.runtime-mode' = 'streaming';
CREATE TABLE orders (id INT, who STRING, amount DECIMAL(10, 2), `at` BIGINT)
  WITH ('connector' = 'filesystem', 'path' = 'orders.jsonl', 'format' = 'debezium-json');
CREATE TABLE people (who STRING, city STRING, level INT)
  WITH ('connector' = 'filesystem', 'path' = 'people.jsonl', 'format' = 'debezium-json');

SELECT * FROM orders o JOIN people p ON o.who = p.who;
SELECT o.id, p.city FROM orders o LEFT JOIN people p ON o.who = p.who;
SELECT o.id, p.city, p.who FROM orders o RIGHT JOIN people p ON o.who = p.who;
SELECT o.id, p.city FROM orders o FULL JOIN people p ON o.who = p.who AND o.amount > p.level;
SELECT p.city, COUNT(*) AS n, SUM(o.amount) AS total FROM orders o LEFT JOIN people p ON o.who = p.who GROUP BY p.city;
SELECT a.id, b.id AS other FROM orders a JOIN orders b ON a.who = b.who AND a.id < b.id;
SELECT o.id, t.n FROM orders o LEFT JOIN (SELECT who, COUNT(*) AS n FROM orders GROUP BY who) t ON o.who = t.who;
SELECT o.id, p.level FROM orders o, people p WHERE o.amount > p.level;
