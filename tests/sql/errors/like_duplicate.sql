-- | error[sql.duplicate-column]: the column `note` is in the table behind LIKE already
-- |   --> like_duplicate.sql:17:20
-- |    |
-- | 17 | CREATE TABLE copy (note STRING) LIKE trips;
-- |    |                    ^^^^
-- | hint: Leave it out.
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
CREATE TABLE copy (note STRING) LIKE trips;
