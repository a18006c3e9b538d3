-- | error[sql.syntax]: a variable takes at least 3 rows here, and at most 2
-- |   --> match_bounds.sql:15:103
-- |    |
-- | 15 | SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a PATTERN (A B{3,2} C) DEFINE B AS B.fare > A.fare) AS m;
-- |    |                                                                                                       ^^^^^
-- | hint: {n}, {n,} and {n,m} need n <= m and m > 0.
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a PATTERN (A B{3,2} C) DEFINE B AS B.fare > A.fare) AS m;
