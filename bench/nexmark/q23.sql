-- Bidders who sell themselves: a join of three.
SELECT B.auction, B.bidder, B.price, B.channel, B.dateTime, P.name, P.city, A.id, A.itemName
FROM bid AS B
JOIN person AS P ON P.id = B.bidder
JOIN auction AS A ON A.seller = B.bidder;
