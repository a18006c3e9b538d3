-- | error[sql.not-supported]: Flink does not run columns named by an alias in MATCH_RECOGNIZE
-- |   --> match_alias_columns.sql:15:140
-- |    |
-- | 15 | SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m (v, x);
-- |    |                                                                                                                                            ^
-- | hint: Name them in MEASURES, or in the SELECT list.
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m (v, x);
