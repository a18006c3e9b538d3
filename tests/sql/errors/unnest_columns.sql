-- | error[sql.column-count]: 1 column names for an UNNEST of 2 columns
-- |   --> unnest_columns.sql:16:22
-- |    |
-- | 16 | SELECT * FROM trips, UNNEST(amounts) AS t(x);
-- |    |                      ^^^^^^^^^^^^^^^^^^^^^^^
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
SELECT * FROM trips, UNNEST(amounts) AS t(x);
