-- | error[sql.syntax]: expected the type of `a`, found `,`
-- |   --> syntax_missing_type.sql:6:18
-- |   |
-- | 6 | CREATE TABLE t (a, b INT) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
-- |   |                  ^
CREATE TABLE t (a, b INT) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
