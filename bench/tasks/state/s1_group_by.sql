-- Changelog aggregation of a million users.
SELECT `user`, COUNT(*) AS rides, SUM(fare_amount) AS fare, MAX(trip_distance) AS longest
FROM rides GROUP BY `user`;
