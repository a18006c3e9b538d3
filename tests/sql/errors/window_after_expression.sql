-- | error[sql.not-time-attribute]: the window is over `pickup_at`, which is of type TIMESTAMP(3) and not a time attribute
-- |   --> window_after_expression.sql:20:39
-- |    |
-- | 20 | FROM TABLE(TUMBLE(TABLE v, DESCRIPTOR(pickup_at), INTERVAL '1' HOUR))
-- |    |                                       ^^^^^^^^^
-- | detail: A window needs event time: a TIMESTAMP(3) or TIMESTAMP_LTZ(3) column with a watermark. An expression or a cast over such a column is no time attribute any more.
-- | hint: Declare WATERMARK FOR pickup_at AS pickup_at - INTERVAL '5' SECOND in the CREATE TABLE, and pass the column on unchanged.
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
CREATE VIEW v AS SELECT pickup_at + INTERVAL '1' HOUR AS pickup_at FROM trips;
SELECT window_start, window_end, COUNT(*)
FROM TABLE(TUMBLE(TABLE v, DESCRIPTOR(pickup_at), INTERVAL '1' HOUR))
GROUP BY window_start, window_end;
