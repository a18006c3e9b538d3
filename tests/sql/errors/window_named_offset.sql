-- | error[sql.reserved-word]: expected an argument's name, found the reserved word `OFFSET`
-- |   --> window_named_offset.sql:18:30
-- |    |
-- | 18 |   SIZE => INTERVAL '1' HOUR, OFFSET => INTERVAL '5' MINUTE));
-- |    |                              ^^^^^^
-- | hint: To use it as a name, write it in backticks: `OFFSET`.
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
SELECT * FROM TABLE(TUMBLE(DATA => TABLE trips, TIMECOL => DESCRIPTOR(pickup_at),
  SIZE => INTERVAL '1' HOUR, OFFSET => INTERVAL '5' MINUTE));
