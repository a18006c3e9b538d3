-- The same over rows that are updated and deleted: a row that goes takes the first equal one.
SET 'execution.runtime-mode' = 'streaming';
CREATE TABLE orders (
  id INT, who STRING, amount DECIMAL(10, 2), `at` BIGINT
) WITH ('connector' = 'filesystem', 'path' = 'orders.jsonl', 'format' = 'debezium-json');

SELECT who, FIRST_VALUE(amount) AS f, LAST_VALUE(amount) AS l, LISTAGG(CAST(amount AS STRING)) AS s, COLLECT(CAST(amount AS STRING)) AS c, ARRAY_AGG(amount) AS a FROM orders GROUP BY who;
SELECT who, JSON_ARRAYAGG(amount) AS j, JSON_OBJECTAGG(KEY CAST(id AS STRING) VALUE amount) AS o, PERCENTILE(amount, 0.5) AS p FROM orders GROUP BY who;
