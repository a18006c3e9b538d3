-- The scaled patients and the limits, from the lake into the warehouse, by upsert: loading twice
-- changes nothing.

CREATE TABLE scaled (
  patient_id                 BIGINT,
  pregnancies                BIGINT,
  glucose                    DOUBLE,
  blood_pressure             DOUBLE,
  skin_thickness             DOUBLE,
  insulin                    DOUBLE,
  bmi                        DOUBLE,
  diabetes_pedigree_function DOUBLE,
  age                        DOUBLE,
  outcome                    BIGINT
) WITH ('connector' = 'filesystem', 'path' = 's3://lake/scaled/', 'format' = 'parquet');

CREATE TABLE limits (measurement STRING, low DOUBLE, high DOUBLE)
WITH ('connector' = 'filesystem', 'path' = 's3://lake/limits/', 'format' = 'parquet');

CREATE TABLE warehouse_patients (
  patient_id                 BIGINT,
  pregnancies                BIGINT,
  glucose                    DOUBLE,
  blood_pressure             DOUBLE,
  skin_thickness             DOUBLE,
  insulin                    DOUBLE,
  bmi                        DOUBLE,
  diabetes_pedigree_function DOUBLE,
  age                        DOUBLE,
  outcome                    BIGINT,
  PRIMARY KEY (patient_id) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = '${server:postgres.jdbc-url}',
  'username' = '${server:postgres.user}',
  'password' = '${secret:postgres.password}',
  'table-name' = 'warehouse.patients'
);

CREATE TABLE warehouse_limits (
  measurement STRING, low DOUBLE, high DOUBLE, PRIMARY KEY (measurement) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = '${server:postgres.jdbc-url}',
  'username' = '${server:postgres.user}',
  'password' = '${secret:postgres.password}',
  'table-name' = 'warehouse.limits'
);

EXECUTE STATEMENT SET
BEGIN
  INSERT INTO warehouse_patients SELECT * FROM scaled;
  INSERT INTO warehouse_limits SELECT * FROM limits;
END;
