-- | error[sql.duplicate-column]: the view `v` has two columns named `vendor_id`
-- |   --> duplicate_view_column.sql:17:13
-- |    |
-- | 17 | CREATE VIEW v AS SELECT vendor_id, vendor_id FROM trips;
-- |    |             ^
-- | hint: Give one of them another name with AS.
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
CREATE VIEW v AS SELECT vendor_id, vendor_id FROM trips;
SELECT * FROM v;
