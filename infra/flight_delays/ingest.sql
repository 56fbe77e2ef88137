-- One row per scheduled flight with what is known an hour before departure: schedule, weather at the origin, plane, airport.
-- The Glue crawler makes strings of columns that hold 'NA' next to numbers, hence TRY_CAST.
WITH flights_typed AS (
    SELECT
        CONCAT_WS('-', CAST(year AS VARCHAR), LPAD(CAST(month AS VARCHAR), 2, '0'), LPAD(CAST(day AS VARCHAR), 2, '0'),
                  carrier, CAST(flight AS VARCHAR), origin, LPAD(CAST(sched_dep_time AS VARCHAR), 4, '0')) AS flight_id,
        DATE(CONCAT_WS('-', CAST(year AS VARCHAR), LPAD(CAST(month AS VARCHAR), 2, '0'),
                       LPAD(CAST(day AS VARCHAR), 2, '0'))) AS flight_date,
        CAST(month AS INTEGER) AS month,
        CAST(hour AS INTEGER) AS dep_hour,
        CAST(sched_arr_time AS INTEGER) / 100 AS arr_hour,
        from_iso8601_timestamp(time_hour) - INTERVAL '1' HOUR AS known_at,
        carrier, origin, dest, tailnum,
        CAST(distance AS DOUBLE) AS distance,
        TRY_CAST(arr_delay AS DOUBLE) AS arr_delay,
        TRY_CAST(air_time AS DOUBLE) AS air_time
    FROM flights
),
weather_typed AS (
    SELECT
        origin,
        from_iso8601_timestamp(time_hour) AS hour_of,
        TRY_CAST(temp AS DOUBLE) AS temp,
        TRY_CAST(dewp AS DOUBLE) AS dewp,
        TRY_CAST(humid AS DOUBLE) AS humid,
        TRY_CAST(wind_dir AS DOUBLE) AS wind_dir,
        TRY_CAST(wind_speed AS DOUBLE) AS wind_speed,
        TRY_CAST(wind_gust AS DOUBLE) AS wind_gust,
        TRY_CAST(precip AS DOUBLE) AS precip,
        TRY_CAST(pressure AS DOUBLE) AS pressure,
        TRY_CAST(visib AS DOUBLE) AS visib,
        ROW_NUMBER() OVER (PARTITION BY origin, time_hour ORDER BY time_hour) AS reading
    FROM weather
)
SELECT
    f.flight_id,
    f.flight_date,
    CASE WHEN f.arr_delay > 30 THEN 1 ELSE 0 END AS late,
    f.month,
    CAST(day_of_week(f.flight_date) AS INTEGER) AS weekday,
    f.dep_hour,
    f.arr_hour,
    f.distance,
    w.temp, w.dewp, w.humid, w.wind_dir, w.wind_speed, w.wind_gust, w.precip, w.pressure, w.visib,
    year(f.flight_date) - TRY_CAST(p.year AS INTEGER) AS plane_age,
    TRY_CAST(p.seats AS INTEGER) AS seats,
    TRY_CAST(a.lat AS DOUBLE) AS dest_lat,
    TRY_CAST(a.lon AS DOUBLE) AS dest_lon,
    TRY_CAST(a.alt AS DOUBLE) AS dest_alt,
    l.name AS airline,
    f.carrier,
    f.origin,
    f.dest,
    p.manufacturer,
    f.arr_delay,
    f.air_time,
    ROW_NUMBER() OVER (PARTITION BY f.flight_id ORDER BY f.tailnum) AS copy
FROM flights_typed f
LEFT JOIN weather_typed w ON w.origin = f.origin AND w.hour_of = f.known_at AND w.reading = 1
LEFT JOIN planes p ON p.tailnum = f.tailnum
LEFT JOIN airports a ON a.faa = f.dest
LEFT JOIN airlines l ON l.carrier = f.carrier
WHERE f.flight_date BETWEEN DATE(?) AND DATE(?)
