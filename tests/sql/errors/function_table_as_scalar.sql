-- | error[sql.bad-argument]: the table function words cannot stand in the SELECT list
-- |   --> function_table_as_scalar.sql:9:8
-- |   |
-- | 9 | SELECT words(v) FROM t;
-- |   |        ^^^^^
-- | hint: Write FROM t, LATERAL TABLE(words(...)) AS a(column, ...).
CREATE TABLE t (k INT, v STRING) WITH ('connector' = 'datagen');
CREATE FUNCTION words AS 'good.words' LANGUAGE PYTHON;
SELECT words(v) FROM t;
