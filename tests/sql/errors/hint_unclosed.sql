-- | error[sql.syntax]: the string that begins here is not closed
-- |   --> hint_unclosed.sql:17:44
-- |    |
-- | 17 | SELECT * FROM trips /*+ OPTIONS('topic = 'x') */;
-- |    |                                            ^
-- | hint: Close it with ', and write a quote inside it as ''.
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
SELECT * FROM trips /*+ OPTIONS('topic = 'x') */;
