-- The pipeline once more, as plain SQL over the table: what became of each inserted row, and what each
-- finished window must hold. `tidemill demo` compares this with what the pipeline wrote.

-- Each row with the event time that stood before it: the greatest plausible pick-up of all earlier
-- rows, less the hour that the WATERMARK gives. Rows reach the pipeline in the order of their ids.
CREATE TEMPORARY TABLE row_fate AS
WITH trip AS (
  SELECT
    id,
    date_trunc('milliseconds', tpep_pickup_datetime) AS pickup_time,
    pu_location_id,
    coalesce(passenger_count, 1) AS passengers,
    trip_distance,
    total_amount,
    coalesce(tpep_pickup_datetime >= %(trips_from)s AND tpep_pickup_datetime < %(trips_to)s
      AND tpep_dropoff_datetime >= tpep_pickup_datetime, false) AS plausible
  FROM public.nyc_taxi
),
timed AS (
  SELECT
    *,
    date_trunc('hour', pickup_time) AS window_start,
    date_trunc('hour', pickup_time) + interval '1 hour' AS window_end,
    max(pickup_time) FILTER (WHERE plausible) OVER (
      ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) - interval '1 hour' AS watermark_before,
    max(pickup_time) FILTER (WHERE plausible) OVER () - interval '1 hour' AS watermark_now
  FROM trip
)
SELECT
  *,
  CASE
    WHEN NOT coalesce(plausible AND total_amount > 0 AND trip_distance > 0 AND trip_distance < 200
      AND pu_location_id BETWEEN 1 AND 265, false) THEN 'filtered'
    WHEN window_end - interval '1 millisecond' <= watermark_before THEN 'late'
    WHEN window_end - interval '1 millisecond' <= watermark_now THEN 'closed'
    ELSE 'open'
  END AS fate
FROM timed;

CREATE TEMPORARY TABLE expected_window AS
SELECT
  window_start,
  window_end,
  pu_location_id AS zone_id,
  count(*) AS trips,
  sum(passengers)::bigint AS passengers,
  sum(total_amount) AS revenue,
  avg(trip_distance) AS avg_distance
FROM row_fate
WHERE fate = 'closed'
GROUP BY window_start, window_end, pu_location_id;
