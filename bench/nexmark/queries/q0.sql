-- Pass through: what reading, decoding and writing cost.
SELECT auction, bidder, price, `dateTime`, extra FROM bid;
