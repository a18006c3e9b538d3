-- Rows of a changelog that are updated and deleted.
SET 'execution.runtime-mode' = 'streaming';
CREATE TABLE orders (
  id INT, who STRING, amount DECIMAL(10, 2), `at` BIGINT
) WITH ('connector' = 'filesystem', 'path' = 'orders.jsonl', 'format' = 'debezium-json');

SELECT who, COUNT(*) AS n, SUM(amount) AS total, AVG(amount) AS mean FROM orders GROUP BY who;
SELECT who, MIN(amount) AS low, MAX(amount) AS high, COUNT(DISTINCT amount) AS d, SUM(DISTINCT amount) AS s FROM orders GROUP BY who;
SELECT DISTINCT who FROM orders;
SELECT COUNT(*) AS n, MAX(id) AS last FROM orders;
SELECT who, COUNT(*) AS n FROM orders GROUP BY who HAVING MAX(amount) > 8;
