-- What the pipelines' results must be, computed a second way: by DuckDB, over all objects of the bucket `bronze`.
--
-- Given are: training_object (the Parquet files' rows), testing_object (key, body), late_event (pipeline,
-- event_id), model (feature, weight, log), bias, and the setting clock_max.

-- An object that is no JSON object, or whose values do not fit, is set aside by the pipelines as a dead letter.
CREATE TEMP TABLE event AS
SELECT 'training' AS origin, event_id, event_time::TIMESTAMP AS event_time, event_type, product_id, category_code,
  brand, price::DECIMAL(10, 2) AS price, user_id, user_session, channel, user_agent
FROM training_object
UNION ALL
SELECT 'testing', (j ->> 'event_id')::BIGINT, (j ->> 'event_time')::TIMESTAMP, j ->> 'event_type',
  (j ->> 'product_id')::BIGINT, j ->> 'category_code', j ->> 'brand', (j ->> 'price')::DECIMAL(10, 2),
  (j ->> 'user_id')::BIGINT, j ->> 'user_session', j ->> 'channel', j ->> 'user_agent'
FROM (
  SELECT body::JSON AS j FROM testing_object
  WHERE json_valid(body) AND json_type(body) = 'OBJECT'
    AND (json_extract_string(body, '$.price') IS NULL
      OR TRY_CAST(json_extract_string(body, '$.price') AS DECIMAL(10, 2)) IS NOT NULL)
);

CREATE TEMP TABLE clean AS
SELECT * FROM event
WHERE user_session IS NOT NULL
  AND event_type IN ('view', 'cart', 'remove_from_cart', 'purchase')
  AND product_id IS NOT NULL
  AND price > 0
  AND event_time < getvariable('clock_max')::TIMESTAMP
  AND user_agent NOT LIKE '%bot%';

-- Event time stands half an hour before the newest event; of two sources it is where the slower one stands.
CREATE TEMP TABLE event_time_now AS
SELECT min(newest) - INTERVAL 30 MINUTE AS watermark,
  max(newest) FILTER (origin = 'testing') - INTERVAL 30 MINUTE AS of_testing
FROM (
  SELECT origin, max(event_time) AS newest FROM event
  WHERE event_time < getvariable('clock_max')::TIMESTAMP GROUP BY origin
);

-- A visit ends where half an hour passes without an event.
CREATE TEMP TABLE visit AS
WITH marked AS (
  SELECT *, coalesce(event_time - lag(event_time) OVER w > INTERVAL 30 MINUTE, true) AS begins
  FROM clean
  WHERE event_id NOT IN (SELECT event_id FROM late_event WHERE pipeline = 'shop_sessions')
  WINDOW w AS (PARTITION BY user_session ORDER BY event_time, event_id)
)
SELECT *, sum(begins::INT) OVER (PARTITION BY user_session ORDER BY event_time, event_id) AS number FROM marked;

CREATE TEMP TABLE expected_session AS
SELECT user_session, min(event_time) AS started_at, max(event_time) AS ended_at, max(user_id) AS user_id,
  max(channel) AS channel, count(*) AS events, count(DISTINCT product_id) AS products_seen,
  count(*) FILTER (event_type = 'cart') AS carts, count(*) FILTER (event_type = 'purchase') AS purchases,
  coalesce(sum(price) FILTER (event_type = 'purchase'), 0)::DECIMAL(18, 2) AS revenue,
  -- Whole seconds that have passed, as TIMESTAMPDIFF counts them.
  (epoch_ms(max(event_time)) - epoch_ms(min(event_time))) // 1000 AS duration_s
FROM visit GROUP BY user_session, number
HAVING max(event_time) + INTERVAL 30 MINUTE - INTERVAL 1 MILLISECOND <= (SELECT watermark FROM event_time_now);

CREATE TEMP TABLE expected_product AS
SELECT user_session, product_id, max(category_code) AS category_code, max(brand) AS brand, max(price) AS price,
  count(*) FILTER (event_type = 'view') AS looks, count(*) FILTER (event_type = 'cart') AS carts,
  count(*) FILTER (event_type = 'purchase') AS purchases, max(event_time) AS last_seen
FROM clean GROUP BY user_session, product_id;

-- What was known when something went into a cart, and what the model says to that.
CREATE TEMP TABLE expected_moment AS
WITH seen AS (
  SELECT * FROM clean
  WHERE origin = 'testing' AND event_id NOT IN (SELECT event_id FROM late_event WHERE pipeline = 'purchase_model')
)
SELECT c.event_id, any_value(c.event_time) AS event_time, any_value(c.user_session) AS user_session,
  any_value(c.product_id) AS product_id, any_value(c.price)::DOUBLE AS price,
  (any_value(c.channel) = 'mobile')::DOUBLE AS mobile,
  count(*) FILTER (e.event_type = 'view')::DOUBLE AS looks,
  count(DISTINCT e.product_id)::DOUBLE AS products,
  count(*) FILTER (e.event_type = 'cart')::DOUBLE AS carts,
  count(*) FILTER (e.event_type = 'view' AND e.product_id = c.product_id)::DOUBLE AS product_looks,
  ((epoch_ms(any_value(c.event_time)) - epoch_ms(min(e.event_time))) // 1000)::DOUBLE AS seconds
FROM seen c JOIN seen e
  ON e.user_session = c.user_session AND e.event_time BETWEEN c.event_time - INTERVAL 3 HOUR AND c.event_time
WHERE c.event_type = 'cart' AND c.event_time <= (SELECT of_testing FROM event_time_now)
GROUP BY c.event_id;

CREATE TEMP TABLE expected_prediction AS
SELECT m.event_id, any_value(m.event_time) AS event_time, any_value(m.user_session) AS user_session,
  any_value(m.product_id) AS product_id,
  1 / (1 + exp(-(getvariable('bias') + sum(w.weight * CASE WHEN w.log THEN ln(1 + f.value) ELSE f.value END))))
    AS probability
FROM expected_moment m
JOIN (UNPIVOT expected_moment ON looks, products, carts, product_looks, seconds, price, mobile INTO NAME feature VALUE value) f
  ON f.event_id = m.event_id
JOIN model w ON w.feature = f.feature
GROUP BY m.event_id;

-- What became of it: bought later in the same visit or not.
CREATE TEMP TABLE outcome AS
SELECT p.event_id, p.probability, EXISTS (
  FROM clean b WHERE b.user_session = p.user_session AND b.product_id = p.product_id
    AND b.event_type = 'purchase' AND b.event_time > p.event_time
) AS bought
FROM expected_prediction p;
