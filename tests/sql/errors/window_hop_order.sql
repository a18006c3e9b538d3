-- | error[sql.bad-window]: HOP's size is a multiple of its slide
-- |   --> window_hop_order.sql:18:52
-- |    |
-- | 18 | FROM TABLE(HOP(TABLE trips, DESCRIPTOR(pickup_at), INTERVAL '1' HOUR, INTERVAL '5' MINUTE))
-- |    |                                                    ^^^^^^^^^^^^^^^^^
-- | hint: The slide comes first, then the size: HOP(..., slide, size).
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
SELECT window_start, window_end, COUNT(*)
FROM TABLE(HOP(TABLE trips, DESCRIPTOR(pickup_at), INTERVAL '1' HOUR, INTERVAL '5' MINUTE))
GROUP BY window_start, window_end;
