SELECT b.id, l.sku FROM baskets AS b CROSS JOIN UNNEST(lines) AS l (sku, price)
