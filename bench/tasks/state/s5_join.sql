-- A regular join of two streams over a million users.
SELECT a.ride_id, b.ride_id AS other, a.`user`
FROM (SELECT * FROM rides WHERE passenger_count = 1) AS a
JOIN (SELECT * FROM rides WHERE passenger_count = 2) AS b ON a.`user` = b.`user`;
