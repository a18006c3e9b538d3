-- | error[sql.bad-metadata]: the metadata `partition` is INT and cannot be ARRAY<INT>
-- |   --> metadata_type.sql:7:24
-- |   |
-- | 7 | CREATE TABLE t (a INT, `partition` ARRAY<INT> METADATA) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
-- |   |                        ^^^^^^^^^^^
-- | hint: Declare it as INT.
CREATE TABLE t (a INT, `partition` ARRAY<INT> METADATA) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
