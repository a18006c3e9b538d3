-- Trips that happened: the same rules as the view clean_trips of the pipeline.
select
    id as trip_id,
    tpep_pickup_datetime as pickup_at,
    tpep_dropoff_datetime as dropoff_at,
    pu_location_id as pickup_zone_id,
    do_location_id as dropoff_zone_id,
    coalesce(passenger_count, 1) as passengers,
    trip_distance as distance_miles,
    case payment_type when 1 then 'card' when 2 then 'cash' else 'other' end as payment,
    fare_amount,
    tip_amount,
    total_amount
from {{ source('application', 'nyc_taxi') }}
where tpep_pickup_datetime >= '{{ var("trips_from") }}'
  and tpep_pickup_datetime < '{{ var("trips_to") }}'
  and tpep_dropoff_datetime >= tpep_pickup_datetime
  and total_amount > 0
  and trip_distance > 0 and trip_distance < 200
  and pu_location_id between 1 and 265
