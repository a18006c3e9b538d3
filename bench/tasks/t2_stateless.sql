-- T2: one to one; keep 12 % of the rows, compute one field, five fields as JSON to a topic.
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
  total_amount DOUBLE
) WITH (
  'connector' = 'kafka',
  'topic' = '${var:rides}',
  'properties.bootstrap.servers' = '${var:bootstrap}',
  'properties.group.id' = '${var:output}',
  'scan.startup.mode' = 'earliest-offset',
  'scan.bounded.mode' = '${var:bounded}',
  'format' = 'json'
);

CREATE TABLE long_rides (
  ride_id BIGINT,
  pu_location_id INT,
  do_location_id INT,
  trip_distance DOUBLE,
  paid DOUBLE
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

INSERT INTO long_rides
SELECT ride_id, pu_location_id, do_location_id, trip_distance, fare_amount + tip_amount
FROM rides
WHERE trip_distance > 10 AND payment_type = 1;
