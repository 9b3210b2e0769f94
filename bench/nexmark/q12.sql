-- Bids of each bidder in ten seconds of processing time.
SELECT bidder, COUNT(*) AS bid_count, window_start AS starttime, window_end AS endtime
FROM TABLE(TUMBLE(TABLE bid_now, DESCRIPTOR(p_time), INTERVAL '10' SECOND))
GROUP BY bidder, window_start, window_end;

-- Compared is what the windows add up to: in which of them a bid is depends on the clock.
SELECT bidder, SUM(bid_count) AS bids
FROM ({query}) AS w
WHERE endtime = starttime + INTERVAL '10' SECOND
GROUP BY bidder;

-- DuckDB
SELECT bidder, COUNT(*) AS bids FROM bid GROUP BY bidder;
