-- | error[sql.legacy-option]: the option 'connector.type' is from before Flink 1.11
-- |   --> legacy_option.sql:7:30
-- |   |
-- | 7 | CREATE TABLE t (a INT) WITH ('connector.type' = 'kafka', 'connector.topic' = 't');
-- |   |                              ^^^^^^^^^^^^^^^^
-- | hint: Write 'connector' = 'kafka', and its options without `connector.`.
CREATE TABLE t (a INT) WITH ('connector.type' = 'kafka', 'connector.topic' = 't');
