-- Rides of one user within three hours of each other: an interval join.
SELECT a.ride_id, b.ride_id AS later, a.`user`
FROM rides AS a JOIN rides AS b ON a.`user` = b.`user` AND a.ride_id < b.ride_id
  AND b.pickup_time BETWEEN a.pickup_time AND a.pickup_time + INTERVAL '3' HOUR;
