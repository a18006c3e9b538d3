-- | error[sql.not-supported]: the window SESSION is not supported yet
-- |   --> window_session.sql:18:12
-- |    |
-- | 18 | FROM TABLE(SESSION(TABLE trips PARTITION BY vendor_id, DESCRIPTOR(pickup_at), INTERVAL '5' MINUTE))
-- |    |            ^^^^^^^
-- | hint: TUMBLE and HOP and CUMULATE are supported.
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
SELECT window_start, window_end, vendor_id, COUNT(*)
FROM TABLE(SESSION(TABLE trips PARTITION BY vendor_id, DESCRIPTOR(pickup_at), INTERVAL '5' MINUTE))
GROUP BY window_start, window_end, vendor_id;
