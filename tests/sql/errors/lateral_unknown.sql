-- | error[sql.unknown-function]: unknown table function `wrods`
-- |   --> lateral_unknown.sql:9:32
-- |   |
-- | 9 | SELECT k FROM t, LATERAL TABLE(wrods(v)) AS a (w, n);
-- |   |                                ^^^^^
-- | hint: Did you mean `words`?
CREATE TABLE t (k INT, v STRING) WITH ('connector' = 'datagen');
CREATE FUNCTION words AS 'good.words' LANGUAGE PYTHON;
SELECT k FROM t, LATERAL TABLE(wrods(v)) AS a (w, n);
