-- | error[sql.not-supported]: `id` is NOT NULL, and there may be no such row of B
-- |   --> match_not_null_measure.sql:16:61
-- |    |
-- | 16 | SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES B.id AS b PATTERN (A B? C) DEFINE B AS B.fare > 3) AS m;
-- |    |                                                             ^^^^
-- | detail: Flink takes the value for never NULL then: its result is not defined.
-- | hint: Match a view in which the column may be NULL: TRY_CAST(id AS INT).
CREATE TABLE trips (
  id INT NOT NULL,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES B.id AS b PATTERN (A B? C) DEFINE B AS B.fare > 3) AS m;
