-- | error[sql.wrong-kind]: the database `d` is not empty and cannot be dropped
-- |   --> drop_database_full.sql:9:15
-- |   |
-- | 9 | DROP DATABASE d;
-- |   |               ^
-- | hint: Write CASCADE behind it.
CREATE DATABASE d;
CREATE TABLE d.t (a INT) WITH ('connector' = 'blackhole');
DROP DATABASE d;
