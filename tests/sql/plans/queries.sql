CREATE TABLE t2 (x STRING) WITH ('connector' = 'blackhole');
CREATE DATABASE shop;
USE shop;
CREATE TEMPORARY TABLE IF NOT EXISTS orders (
  id BIGINT NOT NULL COMMENT 'the key',
  item ROW<name STRING, price DECIMAL(10, 2)>,
  tags ARRAY<STRING>,
  attributes MAP<STRING, INT>,
  placed TIMESTAMP(3),
  proc AS PROCTIME(),
  CONSTRAINT pk PRIMARY KEY (id) NOT ENFORCED
) COMMENT 'orders' WITH ('connector' = 'kafka', 'topic' = 'o', 'format' = 'json');
CREATE TABLE copy (extra INT, WATERMARK FOR placed AS placed)
WITH ('topic' = 'copy') LIKE orders (EXCLUDING CONSTRAINTS EXCLUDING GENERATED);
CREATE TABLE out_ (id BIGINT, price DOUBLE, note STRING, ts TIMESTAMP(3))
WITH ('connector' = 'blackhole');

INSERT INTO out_ (note, id) SELECT item.name || '!', id FROM orders /*+ OPTIONS('topic' = 'p') */;
INSERT INTO out_
SELECT o.id, o.item.price, item.name, proc FROM default_catalog.shop.orders AS o
WHERE o.item.price BETWEEN 1 AND 5 OR NOT o.item.name LIKE 'a!%' ESCAPE '!' AND id NOT IN (1, 2);
INSERT INTO out_ SELECT id, price, note, ts FROM (
  VALUES (1, 2, 'a', TIMESTAMP '2024-01-01 00:00:00'), (2, 3, 'bcd', TIMESTAMP '2024-01-02')
) AS v (id, price, note, ts);
INSERT INTO default_catalog.default_database.t2 SELECT CASE id WHEN 1 THEN 'one' ELSE 'more' END
FROM copy;

SELECT DISTINCT id FROM copy;
SELECT COUNT(*), SUM(id) FROM copy;
SELECT id, 1 AS kind FROM copy UNION ALL SELECT 5, 2.5 UNION ALL SELECT id, 3 FROM orders
ORDER BY kind DESC, id NULLS LAST LIMIT 10 OFFSET 5;
SELECT LOCALTIMESTAMP, -5, x'CAFE', DATE '2024-02-29', INTERVAL '1-6' YEAR TO MONTH,
  placed + INTERVAL '1 12:00:00' DAY TO SECOND, id AS `select`, COALESCE(item.name, 'none'),
  'it''s', 1e3, .5, TRUE IS NOT FALSE, 1 + 2 * 3 - 4 / 2 % 2
FROM copy;
