-- The auctions with the most bids in the last ten seconds, every two.
SELECT AuctionBids.auction, AuctionBids.num, AuctionBids.starttime
FROM (
  SELECT auction, COUNT(*) AS num, window_start AS starttime, window_end AS endtime
  FROM TABLE(HOP(TABLE bid, DESCRIPTOR(dateTime), INTERVAL '2' SECOND, INTERVAL '10' SECOND))
  GROUP BY auction, window_start, window_end
) AS AuctionBids
JOIN (
  SELECT MAX(CountBids.num) AS maxn, CountBids.starttime, CountBids.endtime
  FROM (
    SELECT COUNT(*) AS num, window_start AS starttime, window_end AS endtime
    FROM TABLE(HOP(TABLE bid, DESCRIPTOR(dateTime), INTERVAL '2' SECOND, INTERVAL '10' SECOND))
    GROUP BY auction, window_start, window_end
  ) AS CountBids
  GROUP BY CountBids.starttime, CountBids.endtime
) AS MaxBids
ON AuctionBids.starttime = MaxBids.starttime
  AND AuctionBids.endtime = MaxBids.endtime
  AND AuctionBids.num >= MaxBids.maxn;

-- DuckDB
WITH counts AS (
  SELECT auction, COUNT(*) AS num, window_start FROM (SELECT *, unnest([time_bucket(INTERVAL '2' SECOND, dateTime) - n * INTERVAL '2' SECOND FOR n IN range(5)]) AS window_start FROM bid) GROUP BY auction, window_start
)
SELECT auction, num, window_start FROM counts
QUALIFY num = MAX(num) OVER (PARTITION BY window_start);
