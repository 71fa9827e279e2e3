"""DynamoDB: where facts are kept. Modules here know tables and the domain's values, nothing of requests or events."""
