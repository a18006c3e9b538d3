-- | error[sql.unknown-column]: `Z` is no variable of the PATTERN
-- |   --> match_skip_unknown.sql:15:116
-- |    |
-- | 15 | SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a AFTER MATCH SKIP TO LAST Z PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
-- |    |                                                                                                                    ^
-- | hint: The variables are A, B.
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a AFTER MATCH SKIP TO LAST Z PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
