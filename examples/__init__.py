"""Short programs, each with one picture; `make gallery` draws all of them."""
