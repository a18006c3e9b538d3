-- T5: each payment with its ride, where it came within 20 seconds; two topics, JSON to a third.
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

CREATE TABLE payments (
  payment_id BIGINT,
  ride_id BIGINT,
  paid_at BIGINT,
  amount DOUBLE,
  paid_time AS TO_TIMESTAMP_LTZ(paid_at, 3),
  WATERMARK FOR paid_time AS paid_time - INTERVAL '5' SECOND
) WITH (
  'connector' = 'kafka',
  'topic' = '${var:payments}',
  'properties.bootstrap.servers' = '${var:bootstrap}',
  'properties.group.id' = '${var:output}',
  'scan.startup.mode' = 'earliest-offset',
  'scan.bounded.mode' = '${var:bounded}',
  'format' = 'json'
);

CREATE TABLE paid_rides (
  payment_id BIGINT,
  ride_id BIGINT,
  do_location_id INT,
  amount DOUBLE
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

INSERT INTO paid_rides
SELECT p.payment_id, r.ride_id, r.do_location_id, p.amount
FROM rides AS r
JOIN payments AS p ON p.ride_id = r.ride_id
  AND p.paid_time BETWEEN r.pickup_time AND r.pickup_time + INTERVAL '20' SECOND;
