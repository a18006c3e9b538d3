-- | error[sql.bad-option]: json has no option `ignore-parse-error`
-- |   --> unknown_format_option.sql:11:3
-- |    |
-- | 11 |   'json.ignore-parse-error' = 'true'
-- |    |   ^^^^^^^^^^^^^^^^^^^^^^^^^
-- | hint: Did you mean `ignore-parse-errors`? A key of the format is written 'json.<key>'.
CREATE TABLE t (a INT) WITH (
  'connector' = 'kafka',
  'topic' = 't',
  'format' = 'json',
  'json.ignore-parse-error' = 'true'
);
