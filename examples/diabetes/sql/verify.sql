-- What must stand at each place, computed a second way in DuckDB's SQL, one line for each patient and
-- column. `tidemill demo` gives the rows of all places as tables and shows what `difference` finds.
--
-- Given: history (the file that went to the lake), in_lake, in_warehouse, patients and predictions
-- (tables of Postgres), merged (the topic's last messages), and model (the models' coefficients).

CREATE VIEW complete_history AS
SELECT * FROM history
WHERE Pregnancies IS NOT NULL AND Glucose IS NOT NULL AND BloodPressure IS NOT NULL
  AND SkinThickness IS NOT NULL AND BMI IS NOT NULL AND DiabetesPedigreeFunction IS NOT NULL
  AND Age IS NOT NULL AND Outcome IS NOT NULL;

-- Min-max scaling with window functions, which the pipeline does not use.
CREATE VIEW expected AS
SELECT
  patient_id,
  Pregnancies AS pregnancies,
  (Glucose - min(Glucose) OVER ()) / nullif(max(Glucose) OVER () - min(Glucose) OVER (), 0) AS glucose,
  (BloodPressure - min(BloodPressure) OVER ())
    / nullif(max(BloodPressure) OVER () - min(BloodPressure) OVER (), 0) AS blood_pressure,
  (SkinThickness - min(SkinThickness) OVER ())
    / nullif(max(SkinThickness) OVER () - min(SkinThickness) OVER (), 0) AS skin_thickness,
  (Insulin - min(Insulin) OVER ()) / nullif(max(Insulin) OVER () - min(Insulin) OVER (), 0) AS insulin,
  (BMI - min(BMI) OVER ()) / nullif(max(BMI) OVER () - min(BMI) OVER (), 0) AS bmi,
  DiabetesPedigreeFunction AS diabetes_pedigree_function,
  (Age - min(Age) OVER ()) / nullif(max(Age) OVER () - min(Age) OVER (), 0) AS age,
  Outcome AS outcome
FROM complete_history;

CREATE VIEW complete AS
SELECT * FROM patients
WHERE pregnancies IS NOT NULL AND glucose IS NOT NULL AND blood_pressure IS NOT NULL
  AND skin_thickness IS NOT NULL AND bmi IS NOT NULL AND diabetes_pedigree_function IS NOT NULL
  AND age IS NOT NULL;

CREATE VIEW measured AS
SELECT patient_id, pregnancies::DOUBLE AS pregnancies, glucose, blood_pressure, skin_thickness,
  insulin, bmi, diabetes_pedigree_function, age::DOUBLE AS age
FROM complete;

-- The logistic function over the scaled measurements, by the model that was asked.
CREATE VIEW probability AS
SELECT patient_id, 1 / (1 + exp(-any_value(intercept) - sum(weight * (value - low) / (high - low))))
    AS probability
FROM (UNPIVOT measured ON * EXCLUDE (patient_id) INTO NAME name VALUE value)
JOIN model USING (name) JOIN predictions USING (patient_id, model_version)
GROUP BY patient_id, model_version;

CREATE VIEW wanted AS
SELECT unnest(['the lake', 'the warehouse']) AS place, patient_id, name, value, 1e-12 AS tolerance
FROM (SELECT patient_id, COLUMNS(* EXCLUDE patient_id)::DOUBLE FROM expected)
UNPIVOT INCLUDE NULLS (value FOR name IN (COLUMNS(* EXCLUDE patient_id)))
UNION ALL
SELECT 'sink_diabetes', patient_id, name, value, 0
FROM measured UNPIVOT INCLUDE NULLS (value FOR name IN (COLUMNS(* EXCLUDE patient_id)))
UNION ALL
-- A model gives a FLOAT.
SELECT 'predictions', patient_id, 'probability', probability, 1e-5
FROM complete LEFT JOIN probability USING (patient_id)
UNION ALL
SELECT 'predictions', patient_id, 'prediction', (predictions.probability > 0.5)::DOUBLE, 0
FROM complete LEFT JOIN predictions USING (patient_id);

CREATE VIEW found AS
SELECT 'the lake' AS place, patient_id, name, value
FROM (SELECT patient_id, COLUMNS(* EXCLUDE patient_id)::DOUBLE FROM in_lake)
UNPIVOT INCLUDE NULLS (value FOR name IN (COLUMNS(* EXCLUDE patient_id)))
UNION ALL
SELECT 'the warehouse', patient_id, name, value
FROM (SELECT patient_id, COLUMNS(* EXCLUDE patient_id)::DOUBLE FROM in_warehouse)
UNPIVOT INCLUDE NULLS (value FOR name IN (COLUMNS(* EXCLUDE patient_id)))
UNION ALL
SELECT 'sink_diabetes', patient_id, name, value
FROM (SELECT patient_id, COLUMNS(* EXCLUDE patient_id)::DOUBLE FROM merged)
UNPIVOT INCLUDE NULLS (value FOR name IN (COLUMNS(* EXCLUDE patient_id)))
UNION ALL
SELECT 'predictions', patient_id, name, value
FROM (SELECT patient_id, probability, prediction::DOUBLE AS prediction FROM predictions)
UNPIVOT INCLUDE NULLS (value FOR name IN (COLUMNS(* EXCLUDE patient_id)));

CREATE VIEW difference AS
SELECT
  place,
  patient_id,
  name,
  CASE
    WHEN w.patient_id IS NULL THEN 'is not expected'
    WHEN n IS NULL THEN 'is missing'
    WHEN n > 1 THEN 'is there ' || n || ' times'
    ELSE 'is ' || coalesce(f.value::VARCHAR, 'NULL') || ', not ' || coalesce(w.value::VARCHAR, 'NULL')
  END AS why
FROM wanted AS w
FULL JOIN (SELECT place, patient_id, name, any_value(value) AS value, count(*) AS n
           FROM found GROUP BY place, patient_id, name) AS f USING (place, patient_id, name)
WHERE w.patient_id IS NULL OR n IS NULL OR n > 1
  OR (w.value IS NULL) <> (f.value IS NULL) OR abs(w.value - f.value) > tolerance;
