-- | error[sql.bad-argument]: UPPER is no table function
-- |   --> lateral_scalar.sql:8:32
-- |   |
-- | 8 | SELECT k FROM t, LATERAL TABLE(UPPER(v)) AS a (w);
-- |   |                                ^^^^^
-- | hint: Declare it with CREATE FUNCTION ... LANGUAGE PYTHON and @udtf.
CREATE TABLE t (k INT, v STRING) WITH ('connector' = 'datagen');
SELECT k FROM t, LATERAL TABLE(UPPER(v)) AS a (w);
