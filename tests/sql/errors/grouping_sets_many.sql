-- | error[sql.not-supported]: CUBE of 7 keys is not supported yet
-- |   --> grouping_sets_many.sql:9:37
-- |   |
-- | 9 | SELECT COUNT(*) FROM trips GROUP BY CUBE (a, b, c, d, e, f, g);
-- |   |                                     ^^^^^^^^^^^^^^^^^^^^^^^^^^
-- | hint: Use at most 64 grouping sets.
CREATE TABLE trips (a INT, b INT, c INT, d INT, e INT, f INT, g INT)
WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT COUNT(*) FROM trips GROUP BY CUBE (a, b, c, d, e, f, g);
