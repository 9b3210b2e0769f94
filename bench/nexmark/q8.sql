-- New persons who sell at once.
SELECT P.id, P.name, P.starttime
FROM (
  SELECT id, name, window_start AS starttime, window_end AS endtime
  FROM TABLE(TUMBLE(TABLE person, DESCRIPTOR(dateTime), INTERVAL '10' SECOND))
  GROUP BY id, name, window_start, window_end
) AS P
JOIN (
  SELECT seller, window_start AS starttime, window_end AS endtime
  FROM TABLE(TUMBLE(TABLE auction, DESCRIPTOR(dateTime), INTERVAL '10' SECOND))
  GROUP BY seller, window_start, window_end
) AS A
ON P.id = A.seller AND P.starttime = A.starttime AND P.endtime = A.endtime;

-- DuckDB
SELECT DISTINCT P.id, P.name, time_bucket(INTERVAL '10' SECOND, P.dateTime)
FROM person AS P
JOIN auction AS A
ON P.id = A.seller
  AND time_bucket(INTERVAL '10' SECOND, P.dateTime) = time_bucket(INTERVAL '10' SECOND, A.dateTime);
