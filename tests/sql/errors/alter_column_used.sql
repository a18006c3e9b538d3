-- | error[sql.bad-column]: the column `pickup_at` cannot be dropped: the watermark uses it
-- |   --> alter_column_used.sql:17:24
-- |    |
-- | 17 | ALTER TABLE trips DROP pickup_at;
-- |    |                        ^^^^^^^^^
-- | hint: Change the watermark before.
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
ALTER TABLE trips DROP pickup_at;
