"""AWS: S3, SQS, the Parameter Store, CloudWatch metrics and Lambda extensions."""
