-- SHOW and DESCRIBE over tables, views, catalogs and databases.
CREATE TABLE t (
  a INT, b DECIMAL(10, 2) COMMENT 'the b', c AS a+1, m TIMESTAMP(3) METADATA FROM 'timestamp' VIRTUAL,
  ts TIMESTAMP(3), p AS PROCTIME(), u AS upper( 'x''y' ) || CAST(b AS STRING),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND, PRIMARY KEY (a) NOT ENFORCED
) COMMENT 'it''s' PARTITIONED BY (b) WITH (
  'connector' = 'upsert-kafka', 'topic' = 'x', 'properties.bootstrap.servers' = 'x:1',
  'key.format' = 'json', 'value.format' = 'json');
CREATE TABLE `odd name` (`select` ROW<x INT, `y z` ARRAY<STRING>> NOT NULL, m MAP<STRING, INT>) WITH ('connector' = 'datagen');
CREATE VIEW v AS SELECT a, b FROM t;
CREATE TEMPORARY VIEW v2 (x, y) COMMENT 'cc' AS SELECT a, b FROM t WHERE a > 1;
SHOW TABLES;
SHOW VIEWS;
SHOW TABLES LIKE 'v_';
SHOW TABLES FROM default_database NOT LIKE 'v%';
SHOW CATALOGS;
SHOW DATABASES;
SHOW CURRENT CATALOG;
SHOW CURRENT DATABASE;
SHOW USER FUNCTIONS;
SHOW FUNCTIONS LIKE 'no_such_functio_';
SHOW MODULES;
SHOW JARS;
DESCRIBE t;
DESC v;
SHOW COLUMNS FROM t;
SHOW COLUMNS IN t LIKE 'a%';
SHOW CREATE TABLE t;
DESCRIBE `odd name`;
SHOW CREATE TABLE `odd name`;
CREATE CATALOG c1 WITH ('type' = 'generic_in_memory');
CREATE CATALOG c2 COMMENT 'two' WITH ('type' = 'generic_in_memory', 'default-database' = 'd');
SHOW CATALOGS LIKE 'c%';
SHOW DATABASES FROM c2;
SHOW CREATE CATALOG c2;
DESCRIBE CATALOG c2;
USE CATALOG c1;
SHOW DATABASES;
CREATE DATABASE db1;
USE db1;
CREATE TABLE x (a INT) WITH ('connector' = 'print');
SHOW TABLES;
SHOW CREATE TABLE x;
SHOW TABLES IN default_catalog.default_database LIKE 'v%';
USE CATALOG default_catalog;
SHOW CURRENT DATABASE;
DROP CATALOG c1;
SHOW CATALOGS;
