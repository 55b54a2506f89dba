"""A fleet: names as your ssh knows them, groups as you think of them."""

laptops = ["lena-laptop", "omar-laptop"]
gpu = ["gpu-1"]
