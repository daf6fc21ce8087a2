"""Infrastructure: the local stack, the function packages, the AWS templates, cost estimates."""
