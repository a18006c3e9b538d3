-- | error[sql.bad-argument]: price takes 2 arguments, not 1
-- |   --> function_argument_count.sql:9:8
-- |   |
-- | 9 | SELECT price(k) FROM t;
-- |   |        ^^^^^^^^
-- | hint: It is price(BIGINT, DECIMAL(10, 2)), at functions/good.py:9.
CREATE TABLE t (k INT, v STRING) WITH ('connector' = 'datagen');
CREATE FUNCTION price AS 'good.price' LANGUAGE PYTHON;
SELECT price(k) FROM t;
