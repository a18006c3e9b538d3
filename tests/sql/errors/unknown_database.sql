-- | error[sql.unknown-database]: unknown database `default_catalog.taxi`
-- |   --> unknown_database.sql:17:15
-- |    |
-- | 17 | SELECT * FROM taxi.trips;
-- |    |               ^^^^
-- | hint: Databases: default_catalog.default_database.
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
SELECT * FROM taxi.trips;
