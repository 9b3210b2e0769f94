-- Bids of each bidder in a session.
SELECT bidder, COUNT(*) AS bid_count,
  SESSION_START(dateTime, INTERVAL '10' SECOND) AS starttime,
  SESSION_END(dateTime, INTERVAL '10' SECOND) AS endtime
FROM bid
GROUP BY bidder, SESSION(dateTime, INTERVAL '10' SECOND);

-- DuckDB
WITH marked AS (
  SELECT bidder, dateTime, CASE WHEN dateTime - LAG(dateTime) OVER w < INTERVAL '10' SECOND THEN 0 ELSE 1 END AS begins
  FROM bid WINDOW w AS (PARTITION BY bidder ORDER BY dateTime)
), numbered AS (
  SELECT bidder, dateTime, SUM(begins) OVER (PARTITION BY bidder ORDER BY dateTime) AS session FROM marked
)
SELECT bidder, COUNT(*), MIN(dateTime), MAX(dateTime) + INTERVAL '10' SECOND
FROM numbered GROUP BY bidder, session;
