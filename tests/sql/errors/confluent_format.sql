-- | error[sql.not-supported]: the format `json-registry` is not supported yet
-- |   --> confluent_format.sql:7:85
-- |   |
-- | 7 | CREATE TABLE t (a INT) WITH ('connector' = 'kafka', 'topic' = 't', 'value.format' = 'json-registry');
-- |   |                                                                                     ^^^^^^^^^^^^^^^
-- | hint: It is Confluent's cloud's; write 'format' = 'json'.
CREATE TABLE t (a INT) WITH ('connector' = 'kafka', 'topic' = 't', 'value.format' = 'json-registry');
