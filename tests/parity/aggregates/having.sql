-- HAVING, keys that are expressions.
CREATE TABLE numbers (
  id INT, k STRING, b BOOLEAN, t TINYINT, s SMALLINT, i INT, l BIGINT, f FLOAT, d DOUBLE, c1 DECIMAL(10, 2), c2 DECIMAL(38, 9),
  txt STRING, dt DATE, tm TIME, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = 'numbers.jsonl', 'format' = 'json');

SELECT k IS NULL AS nokey, i > 0 AS positive, COUNT(*) AS n FROM numbers GROUP BY k IS NULL, i > 0 HAVING COUNT(*) > 1;
