"""Questions about offers and what is given away: prices asked, discounts, terms, trials, the free tier, types of revenue."""
