-- | error[sql.type-mismatch]: UNNEST takes an ARRAY, a MAP or a MULTISET, not a value of type STRING
-- |   --> unnest_of_text.sql:16:39
-- |    |
-- | 16 | SELECT * FROM trips CROSS JOIN UNNEST(note) AS t(x);
-- |    |                                       ^^^^
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
SELECT * FROM trips CROSS JOIN UNNEST(note) AS t(x);
