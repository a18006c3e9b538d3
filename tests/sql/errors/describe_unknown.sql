-- | error[sql.unknown-table]: unknown table `trip`
-- |   --> describe_unknown.sql:17:10
-- |    |
-- | 17 | DESCRIBE trip;
-- |    |          ^^^^
-- | hint: Did you mean `trips`?
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
DESCRIBE trip;
