-- | error[sql.not-supported]: a condition of JOIN LATERAL TABLE other than TRUE is not supported, as in Flink
-- |   --> lateral_condition.sql:9:61
-- |   |
-- | 9 | SELECT k FROM t JOIN LATERAL TABLE(words(v)) AS a (w, n) ON n > 3;
-- |   |                                                             ^^^^^
-- | hint: Write CROSS JOIN LATERAL TABLE(...) or LEFT JOIN LATERAL TABLE(...) ON TRUE, and test the results in WHERE.
CREATE TABLE t (k INT, v STRING) WITH ('connector' = 'datagen');
CREATE FUNCTION words AS 'good.words' LANGUAGE PYTHON;
SELECT k FROM t JOIN LATERAL TABLE(words(v)) AS a (w, n) ON n > 3;
