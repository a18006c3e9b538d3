-- | error[sql.bad-type]: a column cannot be an interval
-- |   --> interval_column.sql:7:19
-- |   |
-- | 7 | CREATE TABLE t (a INTERVAL DAY) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
-- |   |                   ^^^^^^^^
-- | hint: Keep a number of units.
CREATE TABLE t (a INTERVAL DAY) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
