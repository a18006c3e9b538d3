-- | error[sql.bad-primary-key]: a primary key has to be NOT ENFORCED
-- |   --> primary_key_enforced.sql:7:24
-- |   |
-- | 7 | CREATE TABLE t (a INT, PRIMARY KEY (a)) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
-- |   |                        ^^^^^^^^^^^^^^^
-- | hint: Flink does not own the data, so it cannot enforce keys: add NOT ENFORCED.
CREATE TABLE t (a INT, PRIMARY KEY (a)) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
