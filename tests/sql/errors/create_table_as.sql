-- | error[sql.not-supported]: CREATE TEMPORARY TABLE ... AS is not Flink SQL
-- |   --> create_table_as.sql:17:24
-- |    |
-- | 17 | CREATE TEMPORARY TABLE t WITH ('connector' = 'blackhole') AS SELECT note FROM trips;
-- |    |                        ^
-- | hint: Declare the table, then INSERT INTO it.
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
CREATE TEMPORARY TABLE t WITH ('connector' = 'blackhole') AS SELECT note FROM trips;
