-- | error[sql.not-supported]: RIGHT JOIN UNNEST is not supported, as in Flink
-- |   --> unnest_right.sql:17:56
-- |    |
-- | 17 | SELECT * FROM trips RIGHT JOIN UNNEST(tags) AS t(x) ON TRUE;
-- |    |                                                        ^^^^
-- | hint: Write CROSS JOIN UNNEST(...) or LEFT JOIN UNNEST(...) ON TRUE, and test the elements in WHERE.
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
SELECT * FROM trips RIGHT JOIN UNNEST(tags) AS t(x) ON TRUE;
