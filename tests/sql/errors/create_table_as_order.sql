-- | error[sql.unknown-column]: the query has no column `vendor`
-- |   --> create_table_as_order.sql:17:23
-- |    |
-- | 17 | CREATE TABLE t (note, vendor) WITH ('connector' = 'blackhole') AS SELECT note, vendor_id FROM trips;
-- |    |                       ^^^^^^
-- | hint: Did you mean `vendor_id`?
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
CREATE TABLE t (note, vendor) WITH ('connector' = 'blackhole') AS SELECT note, vendor_id FROM trips;
