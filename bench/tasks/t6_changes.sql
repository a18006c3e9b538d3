-- T6: Debezium's changes of orders into a count and a sum of each customer, an upsert topic.
CREATE TABLE orders (
  order_id BIGINT,
  customer_id BIGINT,
  amount BIGINT
) WITH (
  'connector' = 'kafka',
  'topic' = '${var:changes}',
  'properties.bootstrap.servers' = '${var:bootstrap}',
  'properties.group.id' = '${var:output}',
  'scan.startup.mode' = 'earliest-offset',
  'scan.bounded.mode' = '${var:bounded}',
  'format' = 'debezium-json'
);

CREATE TABLE customers (
  customer_id BIGINT,
  orders BIGINT,
  amount BIGINT,
  PRIMARY KEY (customer_id) NOT ENFORCED
) WITH (
  'connector' = 'upsert-kafka',
  'topic' = '${var:output}',
  'properties.bootstrap.servers' = '${var:bootstrap}',
  'properties.linger.ms' = '5',
  'properties.compression.type' = 'lz4',
  'sink.delivery-guarantee' = '${var:guarantee}',
  'sink.transactional-id-prefix' = '${var:output}',
  'key.format' = 'json',
  'value.format' = 'json'
);

INSERT INTO customers
SELECT customer_id, COUNT(*), SUM(amount)
FROM orders
GROUP BY customer_id;
