-- New patients, as Debezium reports them from Postgres: the needed keys are looked at (by
-- checks/new_patients.yaml, which sets incomplete ones aside), redundant ones are left out, and the
-- measurements are merged into one column `information`.

SET 'table.local-time-zone' = 'UTC';

CREATE TABLE diabetes_new (
  patient_id                 BIGINT,
  recorded_at                BIGINT,
  pregnancies                BIGINT,
  glucose                    DOUBLE,
  blood_pressure             DOUBLE,
  skin_thickness             DOUBLE,
  insulin                    DOUBLE,
  bmi                        DOUBLE,
  diabetes_pedigree_function DOUBLE,
  age                        BIGINT,
  ward                       STRING,
  device                     STRING,
  entered_by                 STRING,
  PRIMARY KEY (patient_id) NOT ENFORCED
) WITH (
  'connector' = 'kafka',
  'topic' = 'diabetes_cdc.public.diabetes_new',
  'properties.bootstrap.servers' = '${server:kafka.bootstrap}',
  'properties.group.id' = 'diabetes_merge',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'debezium-json'
);

CREATE TABLE sink_diabetes (
  patient_id  BIGINT,
  recorded_at TIMESTAMP_LTZ(3),
  information ROW<
    pregnancies                BIGINT,
    glucose                    DOUBLE,
    blood_pressure             DOUBLE,
    skin_thickness             DOUBLE,
    insulin                    DOUBLE,
    bmi                        DOUBLE,
    diabetes_pedigree_function DOUBLE,
    age                        BIGINT>,
  PRIMARY KEY (patient_id) NOT ENFORCED
) WITH (
  'connector' = 'upsert-kafka',
  'topic' = 'diabetes_cdc.public.sink_diabetes',
  'properties.bootstrap.servers' = '${server:kafka.bootstrap}',
  'key.format' = 'json',
  'value.format' = 'json',
  'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = 'diabetes-merge'
);

INSERT INTO sink_diabetes
SELECT
  patient_id,
  TO_TIMESTAMP_LTZ(recorded_at, 3),
  ROW(pregnancies, glucose, blood_pressure, skin_thickness, insulin, bmi,
    diabetes_pedigree_function, age)
FROM diabetes_new;
