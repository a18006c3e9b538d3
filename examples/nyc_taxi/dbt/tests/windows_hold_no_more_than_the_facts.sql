-- A finished window counts trips of the table, and never one that is not there.
select w.window_start, w.zone_id, w.trips, count(f.trip_id) as facts
from {{ ref('zone_hours') }} as w
left join {{ ref('fact_trips') }} as f
    on f.zone_id = w.zone_id and f.pickup_at >= w.window_start and f.pickup_at < w.window_end
group by w.window_start, w.zone_id, w.trips
having count(f.trip_id) < w.trips
