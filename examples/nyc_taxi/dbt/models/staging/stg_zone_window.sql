-- What the pipeline wrote: one row per zone and hour that is over.
select
    window_start,
    window_end,
    zone_id,
    trips,
    passengers,
    revenue,
    avg_distance
from {{ source('tidemill', 'zone_window') }}
