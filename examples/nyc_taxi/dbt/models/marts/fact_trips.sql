select
    trip_id,
    pickup_at::date as date_day,
    pickup_zone_id as zone_id,
    dropoff_zone_id,
    payment,
    pickup_at,
    extract(epoch from dropoff_at - pickup_at) / 60 as duration_min,
    passengers,
    distance_miles,
    fare_amount,
    tip_amount,
    total_amount
from {{ ref('stg_trips') }}
