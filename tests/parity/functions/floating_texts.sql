-- floating_texts: numbers at the edges of their texts: halfway between two shortest ones, on the
-- border to the next number, with so few bits that one digit would do, powers of two.
CREATE TABLE t (id INT, d STRING, f STRING) WITH ('connector' = 'filesystem', 'path' = 'floating_texts.jsonl', 'format' = 'json');
CREATE TEMPORARY VIEW v AS SELECT id, CAST(d AS DOUBLE) AS d, CAST(f AS FLOAT) AS f FROM t;
SELECT id
  , d
  , f
  , CAST(d AS STRING) AS e1
  , CAST(f AS STRING) AS e2
  , CAST(d AS DECIMAL(38, 6)) AS e3
  , CAST(f AS DECIMAL(38, 6)) AS e4
  , ROUND(d, 2) AS e5
  , ROUND(f, 2) AS e6
  , JSON_OBJECT(KEY 'd' VALUE d, KEY 'f' VALUE f) AS e7
  , CAST(ARRAY[d] AS STRING) AS e8
  , CAST(f AS DOUBLE) AS e9
  , TRUNCATE(CASE WHEN ABS(d) < 1E17 THEN d END, 2) AS e10
  , TRUNCATE(CASE WHEN ABS(f) < 1E17 THEN f END, 2) AS e11
  , CAST(f AS DECIMAL(12, 3)) AS e12
  , CONCAT(CAST(f AS STRING), '|', CAST(d AS VARCHAR(9))) AS e13
FROM v;
