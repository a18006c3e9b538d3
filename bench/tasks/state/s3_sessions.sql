-- Sessions of 100,000 users.
SELECT fewer, window_start, window_end, COUNT(*) AS rides
FROM TABLE(SESSION(TABLE rides PARTITION BY fewer, DESCRIPTOR(pickup_time), INTERVAL '10' MINUTE))
GROUP BY fewer, window_start, window_end;
