"""In English, as the product's own pages write them."""
