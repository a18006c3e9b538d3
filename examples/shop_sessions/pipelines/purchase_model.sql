-- The purchase model on the stream: when something goes into a cart, how likely it is bought.

SET 'table.local-time-zone' = 'UTC';
SET 'table.exec.sink.require-on-conflict' = 'false';
SET 'table.exec.state.ttl' = '1 d';

CREATE TABLE testing_data (
  event_id      BIGINT,
  event_time    TIMESTAMP(3),
  event_type    STRING,
  product_id    BIGINT,
  price         DECIMAL(10, 2),
  user_session  STRING,
  channel       STRING,
  user_agent    STRING,
  WATERMARK FOR event_time AS
    CASE WHEN event_time < TIMESTAMP '${var:clock_max}' THEN event_time - INTERVAL '30' MINUTE END
) WITH (
  'connector' = 'filesystem',
  'path' = 's3://bronze/testing_data/',
  'format' = 'json',
  'source.monitor-interval' = '1 s',
  'late-handling.mode' = 'table'
);

-- The model of models/purchase.json, which train.py writes.
CREATE MODEL purchase
  INPUT (looks DOUBLE, products DOUBLE, carts DOUBLE, product_looks DOUBLE, seconds DOUBLE, price DOUBLE, mobile DOUBLE)
  OUTPUT (probability DOUBLE)
  WITH ('provider' = 'python', 'function' = 'purchase.probability');

CREATE VIEW events AS
SELECT event_id, event_time, event_type, product_id, price, user_session, channel
FROM testing_data
WHERE user_session IS NOT NULL
  AND event_type IN ('view', 'cart', 'remove_from_cart', 'purchase')
  AND product_id IS NOT NULL
  AND price > 0
  AND event_time < TIMESTAMP '${var:clock_max}'
  AND user_agent NOT LIKE '%bot%';

-- What is known of the visit so far. OVER follows event time: a row comes out when the watermark has passed it,
-- so an event that a phone reports ten minutes later is in its place. No visit lasts three hours, and what is
-- older than that is forgotten.
CREATE VIEW of_product AS
SELECT *,
  SUM(CASE WHEN event_type = 'view' THEN 1 ELSE 0 END)
    OVER (PARTITION BY user_session, product_id ORDER BY event_time
      RANGE BETWEEN INTERVAL '3' HOUR PRECEDING AND CURRENT ROW) AS product_looks
FROM events;

CREATE VIEW of_visit AS
SELECT event_id, event_time, event_type, product_id, price, user_session, channel, product_looks,
  SUM(CASE WHEN event_type = 'view' THEN 1 ELSE 0 END) OVER w AS looks,
  COUNT(DISTINCT product_id) OVER w AS products,
  SUM(CASE WHEN event_type = 'cart' THEN 1 ELSE 0 END) OVER w AS carts,
  MIN(event_time) OVER w AS first_at
FROM of_product
WINDOW w AS (
  PARTITION BY user_session ORDER BY event_time RANGE BETWEEN INTERVAL '3' HOUR PRECEDING AND CURRENT ROW
);

CREATE VIEW cart_moments AS
SELECT event_id, event_time, user_session, product_id,
  CAST(looks AS DOUBLE) AS looks,
  CAST(products AS DOUBLE) AS products,
  CAST(carts AS DOUBLE) AS carts,
  CAST(product_looks AS DOUBLE) AS product_looks,
  CAST(TIMESTAMPDIFF(SECOND, first_at, event_time) AS DOUBLE) AS seconds,
  CAST(price AS DOUBLE) AS price,
  CASE WHEN channel = 'mobile' THEN CAST(1 AS DOUBLE) ELSE CAST(0 AS DOUBLE) END AS mobile
FROM of_visit
WHERE event_type = 'cart';

CREATE TABLE purchase_predictions (
  event_id     BIGINT,
  event_time   TIMESTAMP(3),
  user_session STRING,
  product_id   BIGINT,
  probability  DOUBLE
) WITH (
  'connector' = 'kafka',
  'topic' = 'purchase_predictions',
  'properties.bootstrap.servers' = '${server:kafka.bootstrap}',
  'format' = 'json',
  'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = 'purchase-predictions'
);

INSERT INTO purchase_predictions
SELECT event_id, event_time, user_session, product_id, probability
FROM ML_PREDICT(
  TABLE cart_moments, MODEL purchase,
  DESCRIPTOR(looks, products, carts, product_looks, seconds, price, mobile)
);
