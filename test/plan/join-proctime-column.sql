SELECT b.id, h.flights FROM baskets AS b LEFT JOIN hourly FOR SYSTEM_TIME AS OF b.proc AS h ON h.flights = b.id
