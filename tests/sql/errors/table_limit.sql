-- | error[sql.not-supported]: LIMIT behind TABLE trips is not supported yet
-- |   --> table_limit.sql:10:28
-- |    |
-- | 10 | SELECT * FROM (TABLE trips LIMIT 3);
-- |    |                            ^^^^^
-- | hint: Write SELECT * FROM it.
CREATE TABLE trips (
  vendor_id INT
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM (TABLE trips LIMIT 3);
