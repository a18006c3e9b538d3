-- | error[sql.bad-partition]: `q` is no partition column of `t`
-- |   --> insert_partition.sql:18:26
-- |    |
-- | 18 | INSERT INTO t PARTITION (q = 'x') SELECT vendor_id FROM trips;
-- |    |                          ^
-- | hint: Partition columns: p.
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
CREATE TABLE t (a INT, p STRING) PARTITIONED BY (p) WITH ('connector' = 'blackhole');
INSERT INTO t PARTITION (q = 'x') SELECT vendor_id FROM trips;
