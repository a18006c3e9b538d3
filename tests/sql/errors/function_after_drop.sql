-- | error[sql.unknown-function]: unknown function `shout`
-- |   --> function_after_drop.sql:10:8
-- |    |
-- | 10 | SELECT shout(v) FROM t;
-- |    |        ^^^^^
-- | hint: Did you mean `HOUR`?
CREATE TABLE t (k INT, v STRING) WITH ('connector' = 'datagen');
CREATE FUNCTION shout AS 'good.shout' LANGUAGE PYTHON;
DROP FUNCTION shout;
SELECT shout(v) FROM t;
