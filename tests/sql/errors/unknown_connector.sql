-- | error[sql.unknown-connector]: unknown connector `kafak`
-- |   --> unknown_connector.sql:7:44
-- |   |
-- | 7 | CREATE TABLE t (a INT) WITH ('connector' = 'kafak', 'topic' = 't');
-- |   |                                            ^^^^^^^
-- | hint: Did you mean `kafka`?
CREATE TABLE t (a INT) WITH ('connector' = 'kafak', 'topic' = 't');
