"""The marketplace's inhabitants and things; Faker fills the pools once, orders only pick."""
