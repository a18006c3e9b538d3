-- | error[sql.unknown-column]: `C` is no variable of the PATTERN
-- |   --> match_unknown_variable.sql:15:112
-- |    |
-- | 15 | SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a PATTERN (A B) DEFINE C AS C.fare > A.fare) AS m;
-- |    |                                                                                                                ^
-- | hint: The variables are A, B.
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a PATTERN (A B) DEFINE C AS C.fare > A.fare) AS m;
