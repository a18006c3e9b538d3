-- Distinct aggregates and filters.
CREATE TABLE numbers (
  id INT, k STRING, b BOOLEAN, t TINYINT, s SMALLINT, i INT, l BIGINT, f FLOAT, d DOUBLE, c1 DECIMAL(10, 2), c2 DECIMAL(38, 9),
  txt STRING, dt DATE, tm TIME, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = 'numbers.jsonl', 'format' = 'json');

SELECT k, COUNT(DISTINCT t) AS a, SUM(DISTINCT t) AS b, COUNT(DISTINCT txt) AS c, COUNT(*) FILTER (WHERE b) AS d, SUM(i) FILTER (WHERE i > 0) AS e FROM numbers GROUP BY k;
