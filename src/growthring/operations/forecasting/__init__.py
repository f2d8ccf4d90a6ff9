"""What revenue will be: forecasts with their layers, published ones, their record, overrides, and commitments to come."""
