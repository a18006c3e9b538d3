-- | error[sql.bad-argument]: SUBSTRING takes 2 to 3 arguments, not 1
-- |   --> function_arguments.sql:16:8
-- |    |
-- | 16 | SELECT SUBSTRING(note) FROM trips;
-- |    |        ^^^^^^^^^^^^^^^
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
SELECT SUBSTRING(note) FROM trips;
