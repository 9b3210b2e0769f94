-- The highest bids of every ten seconds.
SELECT B.auction, B.price, B.bidder, B.dateTime, B.extra
FROM bid AS B
JOIN (
  SELECT MAX(price) AS maxprice, window_end AS endtime
  FROM TABLE(TUMBLE(TABLE bid, DESCRIPTOR(dateTime), INTERVAL '10' SECOND))
  GROUP BY window_start, window_end
) AS B1
ON B.price = B1.maxprice
WHERE B.dateTime BETWEEN B1.endtime - INTERVAL '10' SECOND AND B1.endtime;

-- DuckDB
SELECT B.auction, B.price, B.bidder, B.dateTime, B.extra
FROM bid AS B
JOIN (
  SELECT MAX(price) AS maxprice,
    time_bucket(INTERVAL '10' SECOND, dateTime) + INTERVAL '10' SECOND AS endtime
  FROM bid GROUP BY endtime
) AS B1
ON B.price = B1.maxprice
WHERE B.dateTime BETWEEN B1.endtime - INTERVAL '10' SECOND AND B1.endtime;
