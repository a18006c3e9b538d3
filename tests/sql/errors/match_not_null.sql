-- | error[sql.not-supported]: `id` is NOT NULL, and there may be no such row of B
-- |   --> match_not_null.sql:16:132
-- |    |
-- | 16 | SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a PATTERN (A B+ C) DEFINE B AS B.id > LAST(B.id, 1), C AS C.fare > 1) AS m;
-- |    |                                                                                                                                    ^^^^
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
SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a PATTERN (A B+ C) DEFINE B AS B.id > LAST(B.id, 1), C AS C.fare > 1) AS m;
