-- The stream's windows with the names of their zones.
select w.window_start, w.window_end, w.zone_id, z.zone, z.borough, w.trips, w.passengers, w.revenue
from {{ ref('stg_zone_window') }} as w
left join {{ ref('dim_zone') }} as z on z.zone_id = w.zone_id
