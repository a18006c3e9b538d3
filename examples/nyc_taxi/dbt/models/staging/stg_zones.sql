select
    zone_id,
    coalesce(zone, 'unknown') as zone,
    coalesce(borough, 'unknown') as borough
from {{ source('application', 'taxi_zone') }}
