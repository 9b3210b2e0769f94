SELECT id, item, place FROM baskets LEFT JOIN UNNEST(items) WITH ORDINALITY AS t (item, place) ON TRUE
