"""What is tested: models with layers around them."""
