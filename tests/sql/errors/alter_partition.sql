-- | error[sql.not-supported]: ALTER TABLE ... ADD PARTITION is not supported yet
-- |   --> alter_partition.sql:16:23
-- |    |
-- | 16 | ALTER TABLE trips ADD PARTITION (note = 'x');
-- |    |                       ^^^^^^^^^
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
ALTER TABLE trips ADD PARTITION (note = 'x');
