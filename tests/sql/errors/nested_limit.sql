-- | error[sql.not-supported]: ORDER BY or LIMIT inside a query is not supported yet
-- |   --> nested_limit.sql:17:39
-- |    |
-- | 17 | SELECT * FROM (SELECT note FROM trips LIMIT 5);
-- |    |                                       ^^^^^
-- | hint: They may stand at the end of the outermost query.
CREATE TABLE trips (
  vendor_id INT,
  fare_amount DOUBLE,
  note STRING,
  tags ARRAY<STRING>,
  place ROW<`zone` INT, city STRING>,
  amounts MAP<STRING, DECIMAL(10, 2)>,
  pickup_at TIMESTAMP(3),
  WATERMARK FOR pickup_at AS pickup_at - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM (SELECT note FROM trips LIMIT 5);
