-- | error[sql.not-supported]: Flink does not run a field of a ROW column in MATCH_RECOGNIZE
-- |   --> match_row_field.sql:16:117
-- |    |
-- | 16 | SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a PATTERN (A B) DEFINE B AS B.place.city = 'Oslo') AS m;
-- |    |                                                                                                                     ^^^^^^^^^^^^
-- | hint: Name the field in a view below: SELECT place.city AS city, ...
CREATE TABLE trips (
  id INT,
  vendor STRING,
  place ROW<city STRING>,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a PATTERN (A B) DEFINE B AS B.place.city = 'Oslo') AS m;
