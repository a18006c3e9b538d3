-- | error[sql.not-supported]: an expression over the columns of a HOP below its aggregation is not supported yet
-- |   --> window_column_of_hop.sql:8:48
-- |   |
-- | 8 | SELECT window_start, MAX(TIMESTAMPDIFF(SECOND, window_start, ts)) AS m FROM TABLE(HOP(TABLE a, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '2' MINUTE)) GROUP BY window_start, window_end;
-- |   |                                                ^^^^^^^^^^^^
-- | hint: Compute it in the SELECT list, from the grouped window_start and window_end; TUMBLE on event time takes it here, too.
CREATE TABLE a (k INT, ts TIMESTAMP(3), v STRING, WATERMARK FOR ts AS ts) WITH ('connector' = 'kafka', 'topic' = 'a', 'format' = 'json');
SELECT window_start, MAX(TIMESTAMPDIFF(SECOND, window_start, ts)) AS m FROM TABLE(HOP(TABLE a, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '2' MINUTE)) GROUP BY window_start, window_end;
