-- | error[sql.not-supported]: SUM(...) OVER is not supported yet
-- |   --> over.sql:17:19
-- |    |
-- | 17 | SELECT vendor_id, SUM(fare_amount) OVER (PARTITION BY vendor_id ORDER BY pickup_at) FROM trips;
-- |    |                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
-- | hint: Top-N and deduplication are: SELECT ... FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v DESC) AS rn FROM t) WHERE rn <= 3.
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
SELECT vendor_id, SUM(fare_amount) OVER (PARTITION BY vendor_id ORDER BY pickup_at) FROM trips;
