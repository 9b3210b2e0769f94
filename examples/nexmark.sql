-- The auction site of the Nexmark benchmark: bids and auctions on one line of time.
--
-- Run it:  millrace serve -f examples/nexmark.sql
-- Then:    curl -N localhost:7070/v1/queries/best_bids/events

CREATE TABLE bid (
  auction    BIGINT,
  bidder     BIGINT,
  price      BIGINT,
  `dateTime` TIMESTAMP(3),
  WATERMARK FOR `dateTime` AS `dateTime` - INTERVAL '1' SECOND
) WITH (
  'connector' = 'nexmark',
  'nexmark.table' = 'bid',
  'nexmark.events' = '1000000',
  'rows-per-second' = '5000'
);

CREATE TABLE auction (
  id         BIGINT,
  `itemName` STRING,
  seller     BIGINT,
  `dateTime` TIMESTAMP(3),
  WATERMARK FOR `dateTime` AS `dateTime` - INTERVAL '1' SECOND
) WITH (
  'connector' = 'nexmark',
  'nexmark.table' = 'auction',
  'nexmark.events' = '1000000',
  'rows-per-second' = '350'
);

-- The highest bid of every ten seconds.
CREATE MATERIALIZED VIEW best_bids AS
SELECT window_start, MAX(price) AS price
FROM TABLE(TUMBLE(TABLE bid, DESCRIPTOR(`dateTime`), INTERVAL '10' SECOND))
GROUP BY window_start, window_end;

CREATE MATERIALIZED VIEW bids_per_item AS
SELECT a.id, a.`itemName`, COUNT(*) AS bids, MAX(b.price) AS price
FROM auction AS a JOIN bid AS b ON a.id = b.auction
GROUP BY a.id, a.`itemName`;
