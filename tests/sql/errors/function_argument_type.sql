-- | error[sql.bad-argument]: price takes DECIMAL(10, 2) here, not STRING
-- |   --> function_argument_type.sql:9:17
-- |   |
-- | 9 | SELECT price(k, v) FROM t;
-- |   |                 ^
-- | hint: Cast the argument: CAST(... AS DECIMAL(10, 2)). The function is price(BIGINT, DECIMAL(10, 2)), at functions/good.py:9.
CREATE TABLE t (k INT, v STRING) WITH ('connector' = 'datagen');
CREATE FUNCTION price AS 'good.price' LANGUAGE PYTHON;
SELECT price(k, v) FROM t;
