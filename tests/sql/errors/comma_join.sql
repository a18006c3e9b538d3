-- | error[sql.not-supported]: a join of several tables in FROM is not supported yet
-- |   --> comma_join.sql:17:22
-- |    |
-- | 17 | SELECT * FROM trips a, trips b;
-- |    |                      ^
-- | hint: Joins are not supported yet.
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
SELECT * FROM trips a, trips b;
