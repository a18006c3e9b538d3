-- | error[sql.unknown-function]: unknown function `shuot`
-- |   --> function_unknown_near.sql:9:8
-- |   |
-- | 9 | SELECT shuot(v) FROM t;
-- |   |        ^^^^^
-- | hint: Did you mean `shout`?
CREATE TABLE t (k INT, v STRING) WITH ('connector' = 'datagen');
CREATE FUNCTION shout AS 'good.shout' LANGUAGE PYTHON;
SELECT shuot(v) FROM t;
