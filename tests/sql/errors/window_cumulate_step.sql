-- | error[sql.bad-window]: CUMULATE's size is a multiple of its step
-- |   --> window_cumulate_step.sql:12:57
-- |    |
-- | 12 | FROM TABLE(CUMULATE(TABLE trips, DESCRIPTOR(pickup_at), INTERVAL '7' HOUR, INTERVAL '1' DAY))
-- |    |                                                         ^^^^^^^^^^^^^^^^^
CREATE TABLE trips (
  vendor_id INT,
  pickup_at TIMESTAMP(3),
  WATERMARK FOR pickup_at AS pickup_at - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT window_start, window_end, COUNT(*)
FROM TABLE(CUMULATE(TABLE trips, DESCRIPTOR(pickup_at), INTERVAL '7' HOUR, INTERVAL '1' DAY))
GROUP BY window_start, window_end;
