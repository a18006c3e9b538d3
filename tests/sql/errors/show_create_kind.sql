-- | error[sql.wrong-kind]: `trips` is a table
-- |   --> show_create_kind.sql:17:18
-- |    |
-- | 17 | SHOW CREATE VIEW trips;
-- |    |                  ^^^^^
-- | hint: Write SHOW CREATE TABLE trips.
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
SHOW CREATE VIEW trips;
