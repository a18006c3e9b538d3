-- Window joins in all kinds, of rows and of aggregates, and what stands behind them.
CREATE TABLE l (id INT, k STRING, ms BIGINT, ts AS CAST(TO_TIMESTAMP_LTZ(ms, 3) AS TIMESTAMP(3)),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
  WITH ('connector' = 'filesystem', 'path' = 'left.jsonl', 'format' = 'json');
CREATE TABLE r (rid INT, k STRING, ms BIGINT, n INT, ts AS CAST(TO_TIMESTAMP_LTZ(ms, 3) AS TIMESTAMP(3)),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
  WITH ('connector' = 'filesystem', 'path' = 'right.jsonl', 'format' = 'json');
CREATE VIEW lw AS SELECT * FROM TABLE(TUMBLE(TABLE l, DESCRIPTOR(ts), INTERVAL '5' SECOND));
CREATE VIEW rw AS SELECT * FROM TABLE(TUMBLE(TABLE r, DESCRIPTOR(ts), INTERVAL '5' SECOND));
CREATE VIEW lh AS SELECT * FROM TABLE(HOP(TABLE l, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '10' SECOND));
CREATE VIEW rh AS SELECT * FROM TABLE(HOP(TABLE r, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '10' SECOND));
CREATE VIEW ls AS SELECT * FROM TABLE(SESSION(TABLE l PARTITION BY k, DESCRIPTOR(ts), INTERVAL '6' SECOND));
CREATE VIEW la AS SELECT * FROM TABLE(SESSION(TABLE l, DESCRIPTOR(ts), INTERVAL '6' SECOND));

SELECT a.id, b.rid, a.window_start, b.window_end FROM lw a FULL JOIN rw b ON a.k = b.k AND a.window_start = b.window_start AND a.window_end = b.window_end;
SELECT a.id, b.rid, a.window_end FROM lh a LEFT JOIN rh b ON a.k = b.k AND a.window_start = b.window_start AND a.window_end = b.window_end AND a.ms < b.ms;
SELECT a.id, b.rid FROM lw a JOIN rw b ON a.window_start = b.window_start AND a.window_end = b.window_end;
SELECT a.n, b.rid, b.window_time FROM (SELECT window_start, window_end, COUNT(*) AS n FROM lw GROUP BY window_start, window_end) a RIGHT JOIN rw b ON a.window_start = b.window_start AND a.window_end = b.window_end;
SELECT a.id, b.rid FROM lw a JOIN rh b ON a.k = b.k AND a.window_start = b.window_start AND a.window_end = b.window_end;
SELECT a.id, a.window_end FROM lw a WHERE a.k IN (SELECT k FROM rw b WHERE a.window_start = b.window_start AND a.window_end = b.window_end AND b.n < 9);
SELECT a.id FROM lh a WHERE NOT EXISTS (SELECT 1 FROM rh b WHERE a.window_start = b.window_start AND a.window_end = b.window_end AND a.k = b.k);
SELECT a.id, b.id AS other, b.window_end FROM la a RIGHT JOIN ls b ON a.window_start = b.window_start AND a.window_end = b.window_end;
