-- Windows on processing time that are open when the input ends give nothing; rows alone come at once.
CREATE TABLE bids (
  id INT, `at` TIMESTAMP(3), item STRING, price BIGINT, pt AS PROCTIME()
) WITH ('connector' = 'filesystem', 'path' = 'bids.jsonl', 'format' = 'json');

SELECT window_start, window_end, item, COUNT(*) AS n
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(pt), INTERVAL '30' DAY)) GROUP BY window_start, window_end, item;

SELECT TUMBLE_START(pt, INTERVAL '30' DAY) AS s, TUMBLE_PROCTIME(pt, INTERVAL '30' DAY) AS p, COUNT(*) AS n
FROM bids GROUP BY TUMBLE(pt, INTERVAL '30' DAY);

SELECT window_start, window_end, window_time, item, COUNT(*) AS n
FROM TABLE(SESSION(TABLE bids PARTITION BY item, DESCRIPTOR(pt), INTERVAL '1' DAY)) GROUP BY window_start, window_end, window_time, item;

SELECT id, TIMESTAMPDIFF(DAY, window_start, window_end) AS days
FROM TABLE(CUMULATE(TABLE bids, DESCRIPTOR(pt), INTERVAL '30' DAY, INTERVAL '30' DAY));

SELECT HOP_START(pt, INTERVAL '15' DAY, INTERVAL '30' DAY) AS s, item, COUNT(*) AS n
FROM bids GROUP BY HOP(pt, INTERVAL '15' DAY, INTERVAL '30' DAY), item;
