-- Trips and revenue per zone and minute.

-- A partition that is silent for so long does not hold the windows open.
SET 'table.exec.source.idle-timeout' = '5 s';

CREATE TABLE trips (
  id        BIGINT,
  pickup_at TIMESTAMP(3),
  zone      INT,
  fare      DECIMAL(10, 2),
  WATERMARK FOR pickup_at AS pickup_at - INTERVAL '5' SECOND
) WITH (
  'connector' = 'kafka',
  'topic' = 'trips',
  'properties.bootstrap.servers' = '${server:kafka.bootstrap}',
  'properties.group.id' = 'zone_minute',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'json',
  'late-handling.mode' = 'table'  -- Tidemill's own: late rows go to zone_minute.trips.late
);

CREATE TABLE zone_minute (
  window_start TIMESTAMP(3),
  zone         INT,
  trips        BIGINT,
  revenue      DECIMAL(38, 2),
  PRIMARY KEY (window_start, zone) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = '${server:postgres.jdbc-url}',
  'username' = '${server:postgres.user}',
  'password' = '${secret:postgres.password}',
  'table-name' = 'zone_minute',
  'sink.create-table' = 'true'  -- Tidemill's own; Flink wants the table to be there
);

INSERT INTO zone_minute
SELECT window_start, zone, COUNT(*), SUM(fare)
FROM TABLE(TUMBLE(TABLE trips, DESCRIPTOR(pickup_at), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end, zone;
