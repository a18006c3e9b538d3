-- | error[sql.unknown-column]: unknown column `v`
-- |   --> group_alias.sql:17:53
-- |    |
-- | 17 | SELECT vendor_id AS v, COUNT(*) FROM trips GROUP BY v;
-- |    |                                                     ^
-- | hint: Columns here: vendor_id, fare_amount, note, tags, place, amounts, pickup_at. GROUP BY sees the columns of FROM, not the aliases of SELECT.
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
SELECT vendor_id AS v, COUNT(*) FROM trips GROUP BY v;
