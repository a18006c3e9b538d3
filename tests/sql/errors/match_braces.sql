-- | error[sql.not-supported]: Flink does not run {,m} in MATCH_RECOGNIZE
-- |   --> match_braces.sql:15:103
-- |    |
-- | 15 | SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a PATTERN (A B{,3} C) DEFINE B AS B.fare > A.fare) AS m;
-- |    |                                                                                                       ^
-- | hint: Write {0,m}.
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a PATTERN (A B{,3} C) DEFINE B AS B.fare > A.fare) AS m;
