-- | error[sql.unknown-variable]: ${server:kafka.bootsrap} is not known
-- |   --> unknown_variable.sql:8:36
-- |   |
-- | 8 |   'properties.bootstrap.servers' = '${server:kafka.bootsrap}', 'format' = 'json');
-- |   |                                    ^^^^^^^^^^^^^^^^^^^^^^^^^^
-- | hint: Did you mean `server:kafka.bootstrap`?
CREATE TABLE t (a INT) WITH ('connector' = 'kafka', 'topic' = 't',
  'properties.bootstrap.servers' = '${server:kafka.bootsrap}', 'format' = 'json');
