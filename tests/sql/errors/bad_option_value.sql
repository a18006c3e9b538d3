-- | error[sql.bad-option]: option `scan.startup.mode` takes one of `earliest-offset`, `latest-offset`, `timestamp`, not `earliest`
-- |   --> bad_option_value.sql:11:25
-- |    |
-- | 11 |   'scan.startup.mode' = 'earliest'
-- |    |                         ^^^^^^^^^^
-- | hint: Did you mean `earliest-offset`?
CREATE TABLE t (a INT) WITH (
  'connector' = 'kafka',
  'topic' = 't',
  'format' = 'json',
  'scan.startup.mode' = 'earliest'
);
