-- | error[sql.not-supported]: a Python aggregate over a window table function is not supported yet
-- |   --> function_aggregate_in_window_function.sql:10:20
-- |    |
-- | 10 | SELECT window_end, total(k) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
-- |    |                    ^^^^^^^^
-- | detail: Flink does not close such windows: it gives changes for every row.
-- | hint: Write the older form, which closes windows: GROUP BY k, TUMBLE(ts, INTERVAL '1' MINUTE).
CREATE TABLE t (k INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'datagen');
CREATE FUNCTION total AS 'good.total' LANGUAGE PYTHON;
SELECT window_end, total(k) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end;
