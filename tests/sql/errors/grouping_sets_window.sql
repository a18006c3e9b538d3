-- | error[sql.not-supported]: TUMBLE beside GROUPING SETS is not supported yet
-- |   --> grouping_sets_window.sql:12:37
-- |    |
-- | 12 | SELECT COUNT(*) FROM trips GROUP BY TUMBLE(pickup_at, INTERVAL '1' HOUR), ROLLUP (vendor_id);
-- |    |                                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
-- | hint: Use the table function: FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), ...)) GROUP BY window_start, window_end, GROUPING SETS (...).
CREATE TABLE trips (
  vendor_id INT,
  pickup_at TIMESTAMP(3),
  WATERMARK FOR pickup_at AS pickup_at - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT COUNT(*) FROM trips GROUP BY TUMBLE(pickup_at, INTERVAL '1' HOUR), ROLLUP (vendor_id);
