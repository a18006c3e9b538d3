-- Interval joins on event time: bounds in all forms, all kinds, NULL keys, windows behind them.
CREATE TABLE l (id INT, k STRING, ms BIGINT, ts AS TO_TIMESTAMP_LTZ(ms, 3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
  WITH ('connector' = 'filesystem', 'path' = 'left.jsonl', 'format' = 'json');
CREATE TABLE r (rid INT, k STRING, ms BIGINT, n INT, ts AS TO_TIMESTAMP_LTZ(ms, 3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
  WITH ('connector' = 'filesystem', 'path' = 'right.jsonl', 'format' = 'json');
CREATE VIEW j AS SELECT l.k, l.id, r.ts FROM l JOIN r
  ON l.k = r.k AND l.ts BETWEEN r.ts - INTERVAL '3' SECOND AND r.ts + INTERVAL '3' SECOND;

SELECT id, rid FROM l JOIN r ON l.k = r.k AND l.ts BETWEEN r.ts - INTERVAL '3' SECOND AND r.ts + INTERVAL '2' SECOND;
SELECT id, rid, l.ts, r.ts AS rts FROM l LEFT JOIN r ON l.k = r.k AND r.ts >= l.ts AND r.ts < l.ts + INTERVAL '2' SECOND;
SELECT id, rid FROM l RIGHT JOIN r ON l.k = r.k AND l.ts > r.ts - INTERVAL '1' SECOND AND l.ts <= r.ts + INTERVAL '1' SECOND;
SELECT id, rid FROM l FULL JOIN r ON l.k = r.k AND l.ts BETWEEN r.ts - INTERVAL '1' SECOND AND r.ts + INTERVAL '1' SECOND AND r.n < 3;
SELECT id, rid FROM l, r WHERE l.ts = r.ts;
SELECT id, rid FROM l LEFT JOIN r ON l.ts BETWEEN r.ts AND r.ts + INTERVAL '1' SECOND;
SELECT id, rid FROM l, r WHERE l.k = r.k AND l.ts + INTERVAL '1' SECOND <= r.ts AND r.ts - INTERVAL '4' SECOND <= l.ts;
SELECT window_start, k, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE j, DESCRIPTOR(ts), INTERVAL '5' SECOND)) GROUP BY window_start, window_end, k;
