-- | error[sql.column-count]: 1 column names for a function of 2 columns
-- |   --> lateral_columns.sql:8:18
-- |   |
-- | 8 | SELECT k FROM t, LATERAL TABLE(words(v)) AS a (w);
-- |   |                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
CREATE TABLE t (k INT, v STRING) WITH ('connector' = 'datagen');
CREATE FUNCTION words AS 'good.words' LANGUAGE PYTHON;
SELECT k FROM t, LATERAL TABLE(words(v)) AS a (w);
