-- | error[sql.bad-type]: the precision of DECIMAL is from 1 to 38, not 39
-- |   --> decimal_precision.sql:6:27
-- |   |
-- | 6 | CREATE TABLE t (a DECIMAL(39, 2)) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
-- |   |                           ^^
CREATE TABLE t (a DECIMAL(39, 2)) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
