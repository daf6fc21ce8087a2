"""One use case a file: what the functions do, told in terms of the domain and the ports."""
