-- Without GROUP BY; over no rows at all.
CREATE TABLE numbers (
  id INT, k STRING, b BOOLEAN, t TINYINT, s SMALLINT, i INT, l BIGINT, f FLOAT, d DOUBLE, c1 DECIMAL(10, 2), c2 DECIMAL(38, 9),
  txt STRING, dt DATE, tm TIME, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = 'numbers.jsonl', 'format' = 'json');

SELECT COUNT(*) AS n, SUM(l) AS total, MIN(txt) AS low FROM numbers; SELECT k, COUNT(*) AS n FROM numbers WHERE id > 100 GROUP BY k;
