-- | error[sql.bad-metadata]: `kafka` has no metadata `partitoin`
-- |   --> metadata_key.sql:7:44
-- |   |
-- | 7 | CREATE TABLE t (a INT, p INT METADATA FROM 'partitoin') WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
-- |   |                                            ^^^^^^^^^^^
-- | hint: Did you mean `partition`?
CREATE TABLE t (a INT, p INT METADATA FROM 'partitoin') WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
