-- | error[sql.not-supported]: a quantifier above 1000 is not supported
-- |   --> match_many_rows.sql:15:103
-- |    |
-- | 15 | SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a PATTERN (A B{5000} C) DEFINE B AS B.fare > A.fare) AS m;
-- |    |                                                                                                       ^^^^^^
-- | hint: Write + or *, and count in DEFINE: A AS COUNT(A.id) <= 5000.
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a PATTERN (A B{5000} C) DEFINE B AS B.fare > A.fare) AS m;
