-- | error[sql.not-supported]: Flink does not run a quantifier behind a group in MATCH_RECOGNIZE
-- |   --> match_group.sql:15:102
-- |    |
-- | 15 | SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a PATTERN (A (B C)+ D) DEFINE B AS B.fare > A.fare) AS m;
-- |    |                                                                                                      ^
-- | hint: Give one variable the quantifier, with a condition for all of its rows.
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a PATTERN (A (B C)+ D) DEFINE B AS B.fare > A.fare) AS m;
