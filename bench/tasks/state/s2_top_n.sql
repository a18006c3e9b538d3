-- The two longest rides of each of a million users.
SELECT `user`, ride_id, trip_distance, rn
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY `user` ORDER BY trip_distance DESC) AS rn FROM rides
)
WHERE rn <= 2;
