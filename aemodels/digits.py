"""A picture of one digit as MNIST shows digits."""
