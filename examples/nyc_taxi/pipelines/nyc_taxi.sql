-- Taxi trips, as Debezium reports them from Postgres, to trips, passengers, revenue and average
-- distance per pick-up zone and hour.

SET 'table.local-time-zone' = 'UTC';
-- Flink from 2.3 on asks what to do when two rows meet at one key of a sink; window results never do.
SET 'table.exec.sink.require-on-conflict' = 'false';

-- 1. The change topic. Debezium writes timestamps as epoch milliseconds ("time.precision.mode":
--    "connect") and money as text ("decimal.handling.mode": "string"), so nothing is rounded.
CREATE TABLE trips (
  id                    BIGINT,
  vendor_id             BIGINT,
  tpep_pickup_datetime  BIGINT,
  tpep_dropoff_datetime BIGINT,
  passenger_count       BIGINT,
  trip_distance         DOUBLE,
  pu_location_id        BIGINT,
  do_location_id        BIGINT,
  payment_type          BIGINT,
  fare_amount           DECIMAL(12, 2),
  tip_amount            DECIMAL(12, 2),
  total_amount          DECIMAL(12, 2),
  pickup_time  AS CAST(TO_TIMESTAMP_LTZ(COALESCE(tpep_pickup_datetime, 0), 3) AS TIMESTAMP(3)),
  dropoff_time AS CAST(TO_TIMESTAMP_LTZ(COALESCE(tpep_dropoff_datetime, 0), 3) AS TIMESTAMP(3)),
  PRIMARY KEY (id) NOT ENFORCED,
  -- Event time follows plausible trips only: one pick-up dated 2098 must not close every window.
  -- A trip is reported when it ends, so pick-ups arrive out of order; an hour is given for that.
  WATERMARK FOR pickup_time AS
    CASE
      WHEN pickup_time >= TIMESTAMP '${var:trips_from}'
       AND pickup_time <  TIMESTAMP '${var:trips_to}'
       AND tpep_dropoff_datetime >= tpep_pickup_datetime
      THEN pickup_time - INTERVAL '1' HOUR
    END
) WITH (
  'connector' = 'kafka',
  'topic' = 'nyc_taxi.public.nyc_taxi',
  'properties.bootstrap.servers' = '${server:kafka.bootstrap}',
  'properties.group.id' = 'nyc_taxi',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'debezium-json'
);

-- 2. Cleaning: refunds, trips that went nowhere, meters that ran backwards, dates that are years off.
CREATE VIEW clean_trips AS
SELECT
  id,
  pickup_time,
  dropoff_time,
  pu_location_id,
  do_location_id,
  COALESCE(passenger_count, 1) AS passengers,
  trip_distance,
  fare_amount,
  tip_amount,
  total_amount,
  CASE payment_type WHEN 1 THEN 'card' WHEN 2 THEN 'cash' ELSE 'other' END AS payment
FROM trips
WHERE pickup_time >= TIMESTAMP '${var:trips_from}'
  AND pickup_time <  TIMESTAMP '${var:trips_to}'
  AND dropoff_time >= pickup_time
  AND total_amount > 0
  AND trip_distance > 0 AND trip_distance < 200
  AND pu_location_id BETWEEN 1 AND 265;

CREATE TABLE clean_topic (
  id             BIGINT,
  pickup_time    TIMESTAMP(3),
  dropoff_time   TIMESTAMP(3),
  pu_location_id BIGINT,
  do_location_id BIGINT,
  passengers     BIGINT,
  trip_distance  DOUBLE,
  fare_amount    DECIMAL(12, 2),
  tip_amount     DECIMAL(12, 2),
  total_amount   DECIMAL(12, 2),
  payment        STRING,
  PRIMARY KEY (id) NOT ENFORCED
) WITH (
  -- A row of Postgres can change or go, so this topic takes updates: upsert-kafka, keyed by id.
  'connector' = 'upsert-kafka',
  'topic' = 'nyc_taxi.sink.datastream',
  'properties.bootstrap.servers' = '${server:kafka.bootstrap}',
  'key.format' = 'json',
  'value.format' = 'json',
  'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = 'nyc_taxi-clean'
);

-- 3. One row per pick-up zone and hour, once the hour is over in event time.
CREATE VIEW zone_hours AS
SELECT
  window_start,
  window_end,
  pu_location_id AS zone_id,
  COUNT(*) AS trips,
  SUM(passengers) AS passengers,
  SUM(total_amount) AS revenue,
  AVG(trip_distance) AS avg_distance
FROM TABLE(TUMBLE(TABLE clean_trips, DESCRIPTOR(pickup_time), INTERVAL '1' HOUR))
GROUP BY window_start, window_end, pu_location_id;

CREATE TABLE zone_window_topic (
  window_start TIMESTAMP(3),
  window_end   TIMESTAMP(3),
  zone_id      BIGINT,
  trips        BIGINT,
  passengers   BIGINT,
  revenue      DECIMAL(18, 2),
  avg_distance DOUBLE
) WITH (
  'connector' = 'kafka',
  'topic' = 'nyc_taxi.sink_window.datastream',
  'properties.bootstrap.servers' = '${server:kafka.bootstrap}',
  'format' = 'json',
  'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = 'nyc_taxi-window'
);

CREATE TABLE zone_window (
  window_start TIMESTAMP(3),
  window_end   TIMESTAMP(3),
  zone_id      BIGINT,
  trips        BIGINT,
  passengers   BIGINT,
  revenue      DECIMAL(18, 2),
  avg_distance DOUBLE,
  PRIMARY KEY (window_start, zone_id) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = '${server:postgres.jdbc-url}',
  'username' = '${server:postgres.user}',
  'password' = '${secret:postgres.password}',
  'table-name' = 'zone_window'
);

-- 4. All three in one job: each trip is read once, and each epoch commits everywhere or nowhere.
EXECUTE STATEMENT SET
BEGIN
  INSERT INTO clean_topic SELECT * FROM clean_trips;
  INSERT INTO zone_window_topic
    SELECT window_start, window_end, zone_id, trips, passengers, CAST(revenue AS DECIMAL(18, 2)), avg_distance
    FROM zone_hours;
  INSERT INTO zone_window
    SELECT window_start, window_end, zone_id, trips, passengers, CAST(revenue AS DECIMAL(18, 2)), avg_distance
    FROM zone_hours;
END;
