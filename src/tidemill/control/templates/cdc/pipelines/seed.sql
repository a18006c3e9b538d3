-- Makes the table `orders` in Postgres with 500 orders in it, so that there is something to capture.
CREATE TABLE numbers (
  order_id BIGINT,
  product  STRING,
  amount   INT
) WITH (
  'connector' = 'datagen',
  'number-of-rows' = '500',
  'fields.order_id.kind' = 'sequence',
  'fields.order_id.start' = '1',
  'fields.order_id.end' = '500',
  'fields.product.length' = '1',
  'fields.amount.min' = '100',
  'fields.amount.max' = '9999'
);

CREATE TABLE orders (
  order_id BIGINT,
  product  STRING,
  amount   DECIMAL(10, 2),
  PRIMARY KEY (order_id) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = '${server:postgres.jdbc-url}',
  'username' = '${server:postgres.user}',
  'password' = '${secret:postgres.password}',
  'table-name' = 'orders',
  'sink.create-table' = 'true'  -- Tidemill's own; Flink wants the table to be there
);

INSERT INTO orders
SELECT order_id, CONCAT('product-', product), CAST(amount AS DECIMAL(10, 2)) / 100 FROM numbers;
