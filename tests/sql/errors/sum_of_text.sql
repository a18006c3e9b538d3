-- | error[sql.bad-argument]: SUM takes INT or another number here, not STRING
-- |   --> sum_of_text.sql:17:8
-- |    |
-- | 17 | SELECT SUM(note) FROM trips;
-- |    |        ^^^^^^^^^
-- | hint: Cast the argument: CAST(... AS INT).
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
SELECT SUM(note) FROM trips;
