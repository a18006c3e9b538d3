-- Joins: by ON, USING and NATURAL, in all kinds; what names and * mean; conditions moved below.
CREATE TABLE orders (id INT, who INT, amount DOUBLE)
  WITH ('connector' = 'kafka', 'topic' = 'orders', 'format' = 'json');
CREATE TABLE people (who INT, name STRING)
  WITH ('connector' = 'kafka', 'topic' = 'people', 'format' = 'json');
CREATE TABLE cities (who BIGINT, city STRING)
  WITH ('connector' = 'kafka', 'topic' = 'cities', 'format' = 'json');
CREATE TABLE out_ids (id INT) WITH ('connector' = 'blackhole');
CREATE TABLE out_all (who INT, id INT, amount DOUBLE, name STRING) WITH ('connector' = 'blackhole');
CREATE TABLE out_far (who BIGINT, name STRING, city STRING) WITH ('connector' = 'blackhole');

EXECUTE STATEMENT SET BEGIN
INSERT INTO out_ids SELECT o.id FROM orders AS o, people AS p
  WHERE o.who = p.who AND p.name <> 'x' AND o.amount > 1 AND o.amount < p.who;
INSERT INTO out_all SELECT * FROM orders LEFT JOIN people USING (who);
INSERT INTO out_far SELECT * FROM people NATURAL FULL OUTER JOIN cities;
INSERT INTO out_ids SELECT orders.id FROM orders LEFT JOIN people p ON p.who = orders.who
  WHERE UPPER(p.name) = 'A';
INSERT INTO out_ids SELECT a.id FROM (orders a RIGHT JOIN people b ON a.who = b.who AND a.id > 2)
  CROSS JOIN ((SELECT 1 AS id) UNION ALL (SELECT 2 AS id)) AS c WHERE c.id < b.who;
INSERT INTO out_ids SELECT id0 FROM (SELECT * FROM orders a JOIN orders b ON a.id + 1 = b.id);
INSERT INTO out_ids SELECT id FROM orders WHERE who NOT IN (SELECT who FROM people)
  AND EXISTS (SELECT 1 FROM people p WHERE p.who = orders.who AND p.name <> 'x')
  AND amount > (SELECT MAX(who) FROM people)
  AND id > (SELECT COUNT(*) FROM cities WHERE cities.who = orders.who);
END;
