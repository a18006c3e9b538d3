-- | error[sql.not-supported]: ORDER BY of more than the processing time in MATCH_RECOGNIZE is not supported yet
-- |   --> match_order_proctime.sql:15:53
-- |    |
-- | 15 | SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY seen, id MEASURES A.id AS a PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
-- |    |                                                     ^^
-- | hint: Rows are in the order in which they come.
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY seen, id MEASURES A.id AS a PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
