-- | error[sql.not-supported]: LATERAL with a query is not supported yet
-- |   --> lateral_query.sql:8:18
-- |   |
-- | 8 | SELECT k FROM t, LATERAL (SELECT v FROM t) AS a;
-- |   |                  ^^^^^^^
-- | hint: LATERAL TABLE(f(...)) and UNNEST are.
CREATE TABLE t (k INT, v STRING) WITH ('connector' = 'datagen');
SELECT k FROM t, LATERAL (SELECT v FROM t) AS a;
