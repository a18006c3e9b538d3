CREATE TABLE large_orders (
  order_id BIGINT,
  product  STRING,
  amount   DECIMAL(10, 2)
) WITH (
  'connector' = 'jdbc',
  'url' = '${server:postgres.jdbc-url}',
  'username' = '${server:postgres.user}',
  'password' = '${secret:postgres.password}',
  'table-name' = 'large_orders'
);

SELECT * FROM large_orders;
