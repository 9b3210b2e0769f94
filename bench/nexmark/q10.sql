-- Bids with their day and minute, for a partitioned sink.
SELECT auction, bidder, price, dateTime, extra,
  DATE_FORMAT(dateTime, 'yyyy-MM-dd') AS dt, DATE_FORMAT(dateTime, 'HH:mm') AS hm
FROM bid;

-- DuckDB
SELECT auction, bidder, price, dateTime, extra,
  strftime(dateTime, '%Y-%m-%d'), strftime(dateTime, '%H:%M')
FROM bid;
