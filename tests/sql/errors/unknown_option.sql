-- | error[sql.bad-option]: kafka has no option `topik`
-- |   --> unknown_option.sql:9:3
-- |   |
-- | 9 |   'topik' = 't',
-- |   |   ^^^^^^^
-- | hint: Did you mean `topic`?
CREATE TABLE t (a INT) WITH (
  'connector' = 'kafka',
  'topik' = 't',
  'format' = 'json'
);
