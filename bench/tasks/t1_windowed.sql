-- T1: one-minute tumbling event-time windows per pick-up zone; closed windows as JSON to a topic.
CREATE TABLE rides (
  ride_id BIGINT,
  vendor_id INT,
  pickup_at BIGINT,
  dropoff_at BIGINT,
  passenger_count INT,
  trip_distance DOUBLE,
  pu_location_id INT,
  do_location_id INT,
  payment_type INT,
  fare_amount DOUBLE,
  tip_amount DOUBLE,
  total_amount DOUBLE,
  pickup_time AS TO_TIMESTAMP_LTZ(pickup_at, 3),
  WATERMARK FOR pickup_time AS pickup_time - INTERVAL '5' SECOND
) WITH (
  'connector' = 'kafka',
  'topic' = '${var:rides}',
  'properties.bootstrap.servers' = '${var:bootstrap}',
  'properties.group.id' = '${var:output}',
  'scan.startup.mode' = 'earliest-offset',
  'scan.bounded.mode' = '${var:bounded}',
  'format' = 'json'
);

CREATE TABLE zones (
  window_start TIMESTAMP(3),
  pu_location_id INT,
  rides BIGINT,
  fare DOUBLE,
  distance DOUBLE
) WITH (
  'connector' = 'kafka',
  'topic' = '${var:output}',
  'properties.bootstrap.servers' = '${var:bootstrap}',
  'properties.linger.ms' = '5',
  'properties.compression.type' = 'lz4',
  'sink.delivery-guarantee' = '${var:guarantee}',
  'sink.transactional-id-prefix' = '${var:output}',
  'format' = 'json'
);

INSERT INTO zones
SELECT window_start, pu_location_id, COUNT(*), SUM(fare_amount), AVG(trip_distance)
FROM TABLE(TUMBLE(TABLE rides, DESCRIPTOR(pickup_time), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end, pu_location_id;
