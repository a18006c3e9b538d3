-- Windows on TIMESTAMP_LTZ lie on the clock of a zone that sets it: forward in March, back in October.
SET 'table.local-time-zone' = 'Europe/Berlin';
CREATE TABLE spring (
  id INT, item STRING, lt AS TO_TIMESTAMP_LTZ(1774735200000 + id * 1800000, 3), WATERMARK FOR lt AS lt - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'bids.jsonl', 'format' = 'json');
CREATE TABLE autumn (
  id INT, item STRING, lt AS TO_TIMESTAMP_LTZ(1792875600000 + id * 1800000, 3), WATERMARK FOR lt AS lt - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'bids.jsonl', 'format' = 'json');

SELECT window_start, window_end, TIMESTAMPDIFF(SECOND, TO_TIMESTAMP_LTZ(0, 3), window_time) AS r, COUNT(*) AS n, MIN(id) AS low
FROM TABLE(TUMBLE(TABLE spring, DESCRIPTOR(lt), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, window_time;

SELECT window_start, window_end, TIMESTAMPDIFF(SECOND, TO_TIMESTAMP_LTZ(0, 3), window_time) AS r, COUNT(*) AS n, MIN(id) AS low
FROM TABLE(HOP(TABLE spring, DESCRIPTOR(lt), INTERVAL '30' MINUTE, INTERVAL '90' MINUTE)) GROUP BY window_start, window_end, window_time;

SELECT window_start, window_end, TIMESTAMPDIFF(SECOND, TO_TIMESTAMP_LTZ(0, 3), window_time) AS r, COUNT(*) AS n, MIN(id) AS low
FROM TABLE(TUMBLE(TABLE autumn, DESCRIPTOR(lt), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, window_time;

SELECT window_start, window_end, COUNT(*) AS n, MIN(id) AS low
FROM TABLE(CUMULATE(TABLE autumn, DESCRIPTOR(lt), INTERVAL '6' HOUR, INTERVAL '1' DAY)) GROUP BY window_start, window_end;

SELECT window_start, window_end, item, COUNT(*) AS n, MIN(id) AS low
FROM TABLE(SESSION(TABLE autumn PARTITION BY item, DESCRIPTOR(lt), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, item;

SELECT id, window_start, window_end, TIMESTAMPDIFF(SECOND, TO_TIMESTAMP_LTZ(0, 3), window_time) AS r
FROM TABLE(TUMBLE(TABLE autumn, DESCRIPTOR(lt), INTERVAL '30' MINUTE));

SELECT id, window_start, window_end, TIMESTAMPDIFF(SECOND, TO_TIMESTAMP_LTZ(0, 3), window_time) AS r
FROM TABLE(SESSION(TABLE autumn PARTITION BY item, DESCRIPTOR(lt), INTERVAL '1' HOUR));

SELECT TUMBLE_START(w, INTERVAL '2' HOUR) AS s, SUM(n) AS n
FROM (SELECT window_time AS w, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE autumn, DESCRIPTOR(lt), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, window_time)
GROUP BY TUMBLE(w, INTERVAL '2' HOUR);
