CREATE TABLE clicks (
  `user` STRING, amount INT, ts TIMESTAMP_LTZ(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' MINUTE
) WITH ('connector' = 'kafka', 'topic' = 'clicks', 'format' = 'json');

-- a filter, a projection and a common table between the window and the aggregation
WITH w AS (
  SELECT window_start AS s, window_end AS e, UPPER(`user`) AS u, amount * 2 AS twice
  FROM TABLE(HOP(DATA => TABLE clicks, TIMECOL => DESCRIPTOR(ts),
                 SLIDE => INTERVAL '5' MINUTE, SIZE => INTERVAL '1' HOUR,
                 `OFFSET` => INTERVAL '1' MINUTE))
  WHERE amount > 0
)
SELECT u, s, COUNT(DISTINCT twice) AS n, SUM(twice) FILTER (WHERE twice > 10) AS big
FROM w GROUP BY e, u, s HAVING COUNT(*) > 1;

-- the older form, its properties used twice and a new time attribute
SELECT TUMBLE_ROWTIME(ts, INTERVAL '10' SECOND) AS t, `user`,
       AVG(amount) + 1 AS a, TUMBLE_END(ts, INTERVAL '10' SECOND) AS e
FROM clicks
GROUP BY `user`, TUMBLE(ts, INTERVAL '10' SECOND);

-- windows over windows, through window_time
SELECT window_start, window_end, MAX(n) AS most
FROM TABLE(TUMBLE((
  SELECT window_time, COUNT(*) AS n
  FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
  GROUP BY window_start, window_end, window_time
), DESCRIPTOR(window_time), INTERVAL '1' HOUR))
GROUP BY window_start, window_end;

-- no aggregation
SELECT w.`user`, w.window_start FROM TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL 1 HOUR) AS w;
