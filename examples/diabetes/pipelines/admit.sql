-- New patients from files of the lake into the application's table, where Debezium sees them. The
-- DAG `data_lake` runs it; a file is read once, and its rows are written by upsert.

CREATE TABLE arrivals (
  patient_id                 BIGINT,
  pregnancies                BIGINT,
  glucose                    DOUBLE,
  blood_pressure             DOUBLE,
  skin_thickness             DOUBLE,
  insulin                    DOUBLE,
  bmi                        DOUBLE,
  diabetes_pedigree_function DOUBLE,
  age                        BIGINT
) WITH ('connector' = 'filesystem', 'path' = 's3://lake/arrivals/', 'format' = 'parquet');

CREATE TABLE diabetes_new (
  patient_id                 BIGINT,
  pregnancies                BIGINT,
  glucose                    DOUBLE,
  blood_pressure             DOUBLE,
  skin_thickness             DOUBLE,
  insulin                    DOUBLE,
  bmi                        DOUBLE,
  diabetes_pedigree_function DOUBLE,
  age                        BIGINT,
  PRIMARY KEY (patient_id) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = '${server:postgres.jdbc-url}',
  'username' = '${server:postgres.user}',
  'password' = '${secret:postgres.password}',
  'table-name' = 'public.diabetes_new'
);

INSERT INTO diabetes_new SELECT * FROM arrivals;
