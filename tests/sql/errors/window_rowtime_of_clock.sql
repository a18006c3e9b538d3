-- | error[sql.bad-window]: TUMBLE_ROWTIME needs a window over event time, and this one is over processing time
-- |   --> window_rowtime_of_clock.sql:9:8
-- |   |
-- | 9 | SELECT TUMBLE_ROWTIME(pt, INTERVAL '1' HOUR) FROM trips GROUP BY TUMBLE(pt, INTERVAL '1' HOUR);
-- |   |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
-- | hint: Write TUMBLE_PROCTIME, or TUMBLE_END for the end of the window.
CREATE TABLE trips (a INT, pt AS PROCTIME())
WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT TUMBLE_ROWTIME(pt, INTERVAL '1' HOUR) FROM trips GROUP BY TUMBLE(pt, INTERVAL '1' HOUR);
