-- | error[sql.bad-argument]: SUM reads the rows of more than one variable
-- |   --> match_two_variables.sql:15:74
-- |    |
-- | 15 | SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES SUM(A.fare * B.fare) AS s PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
-- |    |                                                                          ^^^^^^
-- | hint: All columns inside belong to one variable: SUM(A.price * A.tax).
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES SUM(A.fare * B.fare) AS s PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
