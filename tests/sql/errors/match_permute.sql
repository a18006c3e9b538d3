-- | error[sql.not-supported]: Flink does not run PERMUTE in MATCH_RECOGNIZE
-- |   --> match_permute.sql:15:100
-- |    |
-- | 15 | SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a PATTERN (PERMUTE(A, B)) DEFINE B AS B.fare > A.fare) AS m;
-- |    |                                                                                                    ^^^^^^^
-- | hint: Write the variables in the one order you look for.
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a PATTERN (PERMUTE(A, B)) DEFINE B AS B.fare > A.fare) AS m;
